// The researcher's panel: what stands behind the screen.

const seen = name => document.getElementById(name);

function section(name, open, ...children) {
  const opened = typeof children[children.length - 1] === 'function' ? children.pop() : null;
  return el('details', { id: `p-${name}`, open, ontoggle: opened }, el('summary', {}, say(`p_${name}`)), ...children);
}

function itemOf(key) {
  const id = key.split('[')[0];
  return byId.get(id) || data.modules.flatMap(module => module.notes).find(note => note.id === id);
}

// Build the panel in the chosen language; `refreshPanel` fills in what follows from the answers.
function buildPanel() {
  const opened = new Set([...seen('panel').querySelectorAll('details[open]')].map(one => one.id));
  const first = !seen('panel').querySelector('details');
  const open = name => (first ? ['screen', 'show'].includes(name) : opened.has(`p-${name}`));
  seen('panel').replaceChildren(
    el('h2', { id: 'panel-title' }, say('panel')),
    section(
      'show',
      open('show'),
      choice('view', [
        ['interviewer', 'view_interviewer'],
        ['respondent', 'view_respondent'],
      ]),
      choice('screen', [
        ['question', 'by_question'],
        ['module', 'by_module'],
      ]),
      freeBox(),
    ),
    section('screen', open('screen'), el('p', { id: 'time', class: 'time' }), el('div', { id: 'behind' })),
    section('jump', open('jump'), jumper()),
    section('draws', open('draws'), draws()),
    ...(data.placeholders.length ? [section('placeholders', open('placeholders'), blanks())] : []),
    section(
      'values',
      open('values'),
      el('div', { id: 'values', class: 'table-scroll', tabindex: 0, role: 'region', 'aria-label': say('p_values') }),
      listValues,
    ),
    section('files', open('files'), tools()),
    section('about', open('about'), about()),
  );
}

function choice(name, options) {
  const one = ([value, key]) =>
    el(
      'label',
      {},
      el('input', {
        type: 'radio',
        name: `set-${name}`,
        value,
        checked: state[name] === value,
        onchange: () => {
          state[name] = value;
          moveTo(name);
        },
      }),
      say(key),
    );
  return el('fieldset', { class: 'choice' }, el('legend', {}, say(`set_${name}`)), options.map(one));
}

// Say what this questionnaire is, and how far each language is.
function about() {
  const facts = [
    [say('population'), data.population],
    [say('design'), data.note],
  ].filter(([, one]) => one !== null);
  const rows = data.languages.map(({ id, name, status, reasons }) => [
    el('dt', { lang: id }, name),
    el(
      'dd',
      {},
      say(`status_${status}`),
      reasons.length
        ? el(
            'ul',
            { lang: 'en', class: 'looks' },
            reasons.map(one => el('li', {}, one)),
          )
        : '',
    ),
  ]);
  return el(
    'dl',
    {},
    rows,
    facts.map(([name, one]) => [
      el('dt', {}, name),
      typeof one === 'number' ? el('dd', {}, shown('span', one)) : el('dd', { lang: data.source }, one),
    ]),
  );
}

// Keep the place when screens are cut another way.
function moveTo(name) {
  if (name === 'screen' && state.place !== 'end') {
    const item = state.place.split('/')[1],
      stem = state.place.split('/')[0];
    const block = blocks.find(one => !one.box.hidden);
    state.place = item ? stem : state.place;
    if (!item && block) {
      const found = allScreens().find(one => one.parts.some(part => part.keys.includes(block.key)));
      if (found) state.place = found.key;
    }
  }
  draw(false);
}

function freeBox() {
  return el(
    'label',
    { class: 'tick' },
    el('input', {
      type: 'checkbox',
      checked: state.free,
      onchange: event => {
        state.free = event.target.checked;
        refresh();
      },
    }),
    say('free'),
  );
}

function jumper() {
  const options = data.modules.map(module =>
    el(
      'optgroup',
      { label: module.title === undefined ? module.id : spoken(module.title).text },
      shownParts(module, module.repeat ? 1 : 0)
        .flatMap(part => part.keys)
        .map(key => el('option', { value: key }, key)),
    ),
  );
  const list = el('select', { id: 'jump' }, options);
  return el(
    'div',
    { class: 'line' },
    el('label', { for: 'jump' }, say('jump_to')),
    list,
    el('button', { type: 'button', onclick: () => jump(list.value) }, say('go')),
  );
}

let telling = []; // what says anew which code was drawn

function draws() {
  telling = [];
  const items = data.items.filter(item => DRAWN.includes(item.type));
  const seed = el('input', {
    id: 'seed',
    type: 'number',
    min: 0,
    step: 1,
    value: String(state.seed),
    onchange: () => redraw(Number(seed.value) || 0),
  });
  const anew = el(
    'button',
    {
      type: 'button',
      onclick: () => {
        seed.value = String(state.seed + 1);
        redraw(state.seed + 1);
      },
    },
    say('draw_anew'),
  );
  const rows = items.map(item => {
    const options = item.type === 'arm' ? codesOf(item) : [0.1, 0.3, 0.5, 0.7, 0.9],
      text = code =>
        item.type === 'arm' && label(item, code) !== String(code) ? `${code} · ${label(item, code)}` : String(code);
    const own = el('option', { value: '' }),
      tell = () => {
        own.textContent = say('as_drawn', { code: plain(drawn(item, item.id, state.seed)) });
      };
    tell();
    telling.push(tell);
    const list = el(
      'select',
      { id: `set-${item.id}`, onchange: () => set(item, options[list.selectedIndex - 1]) },
      own,
      options.map(code => el('option', { value: String(code) }, text(code))),
    );
    list.value = state.set.has(item.id) ? String(state.set.get(item.id)) : '';
    return el('div', { class: 'line' }, el('label', { for: `set-${item.id}` }, item.id), list);
  });
  return [
    el('div', { class: 'line' }, el('label', { for: 'seed' }, say('seed')), seed, anew),
    items.length ? el('div', { id: 'arms' }, rows) : el('p', {}, say('no_draws')),
  ];
}

function set(item, code) {
  if (code === undefined) state.set.delete(item.id);
  else state.set.set(item.id, code);
  draw(false);
}

function redraw(seed) {
  state.seed = seed;
  for (const tell of telling) tell();
  draw(false);
}

function blanks() {
  return data.placeholders.map(({ name, text }, at) => {
    const field = el('input', {
      id: `fill-${at}`,
      type: 'text',
      value: state.filled.get(name) || '',
      oninput: () => {
        state.filled.set(name, field.value.trim());
        refresh();
      },
    });
    return el(
      'div',
      { class: 'stacked' },
      el('label', { for: `fill-${at}` }, el('code', {}, `[[${name}]]`), ' ', text === null ? '' : shown('span', text)),
      field,
    );
  });
}

function tools() {
  const file = el('input', {
    type: 'file',
    id: 'take-up',
    hidden: true,
    accept: '.json,application/json',
    onchange: () => file.files.length && takeUp(file.files[0]),
  });
  const button = (key, act) => el('button', { type: 'button', onclick: act }, say(key));
  return [
    el('div', { class: 'buttons' }, button('fill', randomFill), button('anew', startAnew)),
    el('p', {}, say('test_only')),
    el(
      'div',
      { class: 'buttons' },
      button('save_row', () => save('answers.csv', answersAsRow(), 'text/csv')),
      button('save_json', () => save('answers.json', JSON.stringify(record(), null, 1), 'application/json')),
      button('save_comments', () => save('comments.csv', comments(), 'text/csv')),
      button('print', () => window.print()),
    ),
    el(
      'div',
      { class: 'buttons' },
      file,
      button('take_up', () => file.click()),
    ),
  ];
}

function startAnew() {
  for (const part of [state.answers, state.typed]) part.clear();
  startFrom(null);
}

function startFrom(place) {
  state.place = place;
  state.peek = null;
  state.tried = false;
  draw(true);
  buildPanel();
  refreshPanel();
}

// Answer everything that is open and has no answer, along the routing, until nothing more opens.
function randomFill() {
  for (let round = 0; round < 5; round += 1) {
    let put = 0;
    for (const item of data.items) {
      if (item.type === 'calculated' || DRAWN.includes(item.type)) continue;
      walked = settle(given);
      for (const key of keysOf(item)) {
        if (walked.open.get(key) !== true || standing(key) !== null) continue;
        put += fillOne(item, key) ? 1 : 0;
      }
    }
    if (!put) break;
  }
  state.typed.clear();
  draw(false);
  announce(say('filled', { number: state.answers.size }));
}

function fillOne(item, key) {
  const member = Number((key.match(/\[(\d+)\]/) || [0, 0])[1]);
  for (let attempt = 0; attempt < 60; attempt += 1) {
    const answer = anyAnswer(item, what => uniform(state.seed, 'fill', key, attempt, what));
    if (refusal(item, answer, name => walked.find(name, member))) continue;
    state.answers.set(key, answer);
    return true;
  }
  return false;
}
