// What the researcher takes along: answers of a test and comments, as files. They are made on this device and sent
// nowhere.

const MARK = 'TEST';

function keysOf(item) {
  const { module } = home.get(item.id),
    count = module.repeat ? walked.members.get(module.id) : 0;
  return module.repeat ? Array.from({ length: count }, (_, at) => keyOf(item.id, at + 1)) : [item.id];
}

// Give what stands under a key after the walk: only what an open item holds.
function standing(key) {
  const item = byId.get(key.split('[')[0]);
  if (walked.open.get(key) !== true || walked.refused.has(key)) return null;
  if (item.type !== 'calculated') return isEmpty(given(key)) ? null : given(key);
  const column = walked.columns.get(key);
  return column.known ? column.value : null;
}

function record() {
  state.saved = true;
  const values = {},
    open = {};
  for (const item of data.items)
    for (const key of keysOf(item)) {
      open[key] = walked.open.get(key);
      values[key] = standing(key);
    }
  return {
    data_status: 'test',
    note: say('test_only'),
    instrument: data.id,
    version: data.version,
    language: data.languages[state.language].id,
    seed: state.seed,
    set: Object.fromEntries(state.set),
    answers: values,
    open,
    comments: Object.fromEntries(state.notes),
  };
}

function row() {
  const cells = [
    ['data_status', 'test'],
    ['instrument', data.id],
    ['version', data.version],
    ['language', data.languages[state.language].id],
    ['seed', state.seed],
  ];
  for (const item of data.items)
    for (const key of keysOf(item)) {
      const stood = standing(key),
        column = key.replace(item.id, item.column || item.id);
      if (item.type !== 'multiple') cells.push([column, stood]);
      else
        for (const code of [...codesOf(item), ...missingOf(item)])
          cells.push([`${column}__${code}`, stood === null ? null : Number(stood.includes(code))]);
    }
  return cells;
}

// Write cells as a line; a text that a spreadsheet would take for a formula gets an apostrophe before it.
function line(cells) {
  return cells
    .map(cell => {
      if (cell === null || cell === undefined) return '';
      const text = typeof cell === 'string' && /^[=+\-@\t\r]/.test(cell) ? `'${cell}` : String(cell);
      return /[",\n\r]/.test(text) ? `"${text.replace(/"/g, '""')}"` : text;
    })
    .join(',');
}

function answersAsRow() {
  const cells = row();
  return `${line(cells.map(([name]) => name))}\r\n${line(cells.map(([, cell]) => cell))}\r\n`;
}

function comments() {
  const language = data.languages[state.language].id;
  const rows = [...state.notes].map(([key, comment]) => {
    const item = itemOf(key),
      asked = item ? spoken(item.text).text : '';
    return [data.id, data.version, language, key, asked, byId.has(item.id) ? answerWords(item, key) : '', comment];
  });
  state.saved = true;
  const head = ['instrument', 'version', 'language', 'item', 'text', 'answer_in_test', 'comment'];
  return [head, ...rows].map(line).join('\r\n') + '\r\n';
}

function save(name, text, kind) {
  const mark = kind.includes('csv') ? '\ufeff' : ''; // spreadsheets need it for Cyrillic letters
  const address = URL.createObjectURL(new Blob([mark, text], { type: kind }));
  const link = el('a', { href: address, download: `${MARK}_${data.id}_${name}` });
  document.body.append(link);
  link.click();
  link.remove();
  setTimeout(() => URL.revokeObjectURL(address), 10000);
  announce(say('saved', { name: `${MARK}_${data.id}_${name}` }));
}

// Take up a file of answers that this page has written, to go the same way again.
async function takeUp(file) {
  let read = null;
  try {
    read = JSON.parse(await file.text());
  } catch {
    read = null;
  }
  if (!read || read.data_status !== 'test' || read.instrument !== data.id || typeof read.answers !== 'object') {
    announce(say('not_ours'));
    return;
  }
  for (const part of [state.answers, state.typed, state.set]) part.clear();
  for (const [key, answer] of Object.entries(read.answers)) {
    const item = byId.get(key.split('[')[0]);
    if (item && item.type !== 'calculated' && !DRAWN.includes(item.type) && !isEmpty(answer) && fitting(item, answer))
      state.answers.set(key, answer);
  }
  for (const [id, code] of Object.entries(read.set || {})) if (byId.has(id)) state.set.set(id, code);
  for (const [key, comment] of Object.entries(read.comments || {}))
    if (itemOf(key)) state.notes.set(key, String(comment));
  state.seed = Number.isInteger(read.seed) ? read.seed : state.seed;
  startFrom(null);
  announce(say('taken_up', { number: state.answers.size }));
}

// Say whether an answer is of the kind an item takes.
function fitting(item, answer) {
  const codes = [...codesOf(item), ...missingOf(item)];
  if (item.type === 'multiple') return Array.isArray(answer) && answer.every(code => codes.includes(code));
  if (missingOf(item).includes(answer)) return true;
  if (item.scale !== undefined) return codes.includes(answer);
  return typeof answer === (['integer', 'decimal', 'number'].includes(item.type) ? 'number' : 'string');
}

// The time of the route taken: items that are open, the words that lead into their modules.
function minutes() {
  let total = 0,
    done = 0;
  for (const module of data.modules) {
    const count = module.repeat ? walked.members.get(module.id) : 1;
    let reached = false;
    for (let at = 1; at <= count; at += 1) {
      const member = module.repeat ? at : 0;
      for (const one of [...module.leaves, ...module.notes]) {
        const key = keyOf(one.id, member);
        if (walked.open.get(key) !== true || !one.seconds) continue;
        const seconds = one.seconds[state.language];
        reached = true;
        total += seconds;
        if (one.type !== 'note' && standing(key) !== null) done += seconds;
      }
    }
    if (reached) total += module.seconds[state.language];
  }
  return { total: total / 60, done: done / 60 };
}
