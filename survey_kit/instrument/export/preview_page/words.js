// Words on the page: always put in as text, never as markup, each with the language it is in.

const state = {
  language: data.languages.findIndex(one => one.id === data.source),
  view: data.interviewed ? 'interviewer' : 'respondent',
  screen: 'question',
  free: false, // go on without answers
  seed: 1,
  set: new Map(), // what the researcher set instead of a draw
  answers: new Map(), // key -> answer
  typed: new Map(), // key -> what was typed and is no answer
  notes: new Map(), // item -> comment
  filled: new Map(), // placeholder -> words
  place: null, // the key of the screen
  tried: false, // whether one tried to go on from this screen
  typing: null, // the key of the field one is typing in
  saved: true, // whether the comments are in a file
  peek: null, // an item looked at although it is closed
};

function say(key, parts = {}) {
  return data.words[key][state.language].replace(/\{(\w+)\}/g, (whole, name) =>
    name in parts ? String(parts[name]) : whole,
  );
}

function lower(text) {
  return text.slice(0, 1).toLocaleLowerCase() + text.slice(1);
}

// Give a text of the instrument in the chosen language, else in the source language, else in any.
function spoken(number) {
  if (number === undefined || number === null) return { text: '', language: data.languages[state.language].id };
  const texts = data.texts[number],
    source = data.languages.findIndex(one => one.id === data.source);
  const at = [state.language, source, ...texts.keys()].find(one => texts[one]);
  return { text: texts[at] || '', language: data.languages[at] ? data.languages[at].id : data.source };
}

function el(tag, properties = {}, ...children) {
  const made = document.createElement(tag);
  for (const [name, one] of Object.entries(properties)) {
    if (one === undefined || one === null || one === false) continue;
    if (name.startsWith('on')) made.addEventListener(name.slice(2), one);
    else if (name === 'value' || name === 'checked' || name === 'disabled') made[name] = one;
    else made.setAttribute(name, one === true ? '' : String(one));
  }
  made.append(...children.flat(9).filter(child => child !== null && child !== undefined && child !== ''));
  return made;
}

// Show a text; earlier answers and placeholders in it become parts of their own, which `refresh` keeps up to date.
function shown(tag, number, properties = {}, member = 0) {
  const made = el(tag, properties),
    put = () => {
      const { text, language } = spoken(number);
      if (language === data.languages[state.language].id) made.removeAttribute('lang');
      else made.setAttribute('lang', language);
      made.replaceChildren(...pieces(text, member));
    };
  put();
  if (/\$\{\w+\}|\[\[\w+\]\]/.test(spoken(number).text)) living.push(put);
  return made;
}

let living = []; // what has to be put anew when answers or placeholders change

function pieces(text, member) {
  const out = [],
    pattern = /\$\{(\w+)\}|\[\[(\w+)\]\]/g;
  let end = 0;
  for (const found of text.matchAll(pattern)) {
    out.push(...lines(text.slice(end, found.index)));
    out.push(found[1] ? piped(found[1], member) : placeholder(found[2]));
    end = found.index + found[0].length;
  }
  return [...out, ...lines(text.slice(end))];
}

function lines(text) {
  return text
    .split('\n')
    .flatMap((line, at) => (at ? [el('br'), line] : [line]))
    .filter(one => one !== '');
}

function piped(id, member) {
  const item = byId.get(id);
  if (!item) return `\${${id}}`;
  const words = answerWords(item, keyOf(id, walked.columns.has(keyOf(id, member)) ? member : 0));
  return el('span', { class: words ? 'piped' : 'blank', title: id }, words || `${id}?`);
}

function placeholder(name) {
  const filled = state.filled.get(name);
  return filled ? el('span', { class: 'piped' }, filled) : el('mark', { class: 'blank' }, `[${name}]`);
}

function label(item, code) {
  const rows = [...(item.scale === undefined ? [] : data.scales[item.scale].codes), ...missingRows(item)];
  const found = rows.find(row => row[0] === code);
  return (found && spoken(found[found.length - 1]).text) || String(code);
}

function missingRows(item) {
  return item.missing === undefined ? [] : data.missing[item.missing].map(([code, , text]) => [code, text]);
}

// Give an answer in words, as it stands in the walk; '' when there is none.
function answerWords(item, key) {
  const column = walked.columns.get(key);
  if (item.type === 'calculated') return column && column.known ? plain(column.value) : '';
  const answer = given(key);
  if (isEmpty(answer) || walked.open.get(key) !== true || walked.refused.has(key)) return '';
  if (Array.isArray(answer)) return answer.map(code => label(item, code)).join(', ');
  if (item.scale !== undefined || missingOf(item).includes(answer)) return label(item, answer);
  return typeof answer === 'number' ? plain(answer) : String(answer);
}

function plain(one) {
  return typeof one === 'number' ? String(Math.round(one * 1e6) / 1e6) : String(one);
}

// The answer under a key: what was drawn or set for a draw, else what was given.
function given(key) {
  const item = byId.get(key.split('[')[0]);
  if (!DRAWN.includes(item.type)) return state.answers.has(key) ? state.answers.get(key) : null;
  return state.set.has(item.id) ? state.set.get(item.id) : drawn(item, key, state.seed);
}

let walked = settle(given);
