// What takes an answer: radio buttons, boxes, fields; and beside it, apart, the codes that are no answers.

// Make the answers of an item. `changed` is called with the new answer, or with null and what was typed when it is
// none.
function answering(item, key, asked, changed) {
  const several = item.type === 'multiple',
    scale = item.scale === undefined ? null : data.scales[item.scale];
  const inputs = [],
    name = `a-${key.replace(/\W/g, '-')}`;
  const current = () => (given(key) === null ? [] : [given(key)].flat());
  const kind = several || !scale ? 'checkbox' : 'radio';
  const missing = missingRows(item).map(([code, text]) => option(code, text, true));
  const codes = scale ? ordered(item, scale, asked.member).map(([code, text]) => option(code, text, false)) : [];
  const field = scale ? null : fieldOf(item, key, name, asked, took);

  function option(code, text, apart) {
    const alone = apart || (item.exclusive || []).includes(code);
    const input = el('input', { type: kind, name, value: String(code), checked: current().includes(code) });
    input.addEventListener('change', () => chosen(code, alone, input.checked));
    inputs.push({ input, code, alone });
    const words = scale && scale.bare && !apart ? bareWords(code, text) : answerLabel(code, text);
    return el('label', { class: apart ? 'option apart' : 'option' }, input, words);
  }

  function chosen(code, alone, on) {
    if (kind === 'radio') return took(code);
    if (!several) return took(on ? code : null);
    const before = current();
    let next = on ? [...before.filter(one => one !== code), code] : before.filter(one => one !== code);
    const singles = inputs.filter(one => one.alone).map(one => one.code);
    if (on) {
      const kept = alone ? [code] : next.filter(one => !singles.includes(one));
      if (kept.length < next.length)
        announce(say(alone ? 'stands_alone' : 'no_longer_alone', { answer: label(item, code) }));
      next = kept;
    }
    return took(
      next.length
        ? ordered(item, scale, asked.member, true)
            .map(([one]) => one)
            .filter(one => next.includes(one))
        : null,
    );
  }

  function took(answer, typed = '') {
    for (const one of inputs) one.input.checked = [answer].flat().includes(one.code);
    if (field && missingOf(item).includes(answer) && !typed) field.input.value = '';
    changed(answer, typed);
  }

  const run = scale && scale.bare && codes.length > 3;
  const list = scale
    ? el('div', { class: run ? 'options run' : `options${codes.length > 9 ? ' many' : ''}` }, codes)
    : field.box;
  const ends = run && !asked.grid ? endsOf(scale) : null;
  const rest = el(
    'div',
    { class: missing.length ? 'rest' : 'rest only' },
    missing.length ? [asked.apart || '', missing] : '',
    asked.clear,
  );
  return {
    box: el('div', { class: 'answers' }, ends, list, rest),
    inputs: [...(field ? [field.input] : []), ...inputs.map(one => one.input)],
    took,
  };
}

function ordered(item, scale, member, all = false) {
  const rows = scale.codes,
    u = item.shuffle && walked.find(item.shuffle, member);
  if (all) return [...rows, ...missingRows(item)];
  if (!u || !u.known) return rows;
  const codes = shuffled(
    rows.map(([code]) => code),
    item.exclusive || [],
    u.value,
  );
  return codes.map(code => rows.find(row => row[0] === code));
}

function answerLabel(code, text) {
  const words = text === null || text === undefined ? el('span', {}, String(code)) : shown('span', text);
  return state.view === 'interviewer'
    ? [el('span', { class: 'code', 'aria-hidden': 'true' }, String(code)), words]
    : words;
}

// A scale that only names its ends shows its numbers; the words of the ends stand above them, and in the label for who
// listens.
function bareWords(code, text) {
  return el(
    'span',
    { class: 'point' },
    String(code),
    text === null || text === undefined ? '' : shown('span', text, { class: 'unseen' }),
  );
}

function endsOf(scale) {
  const named = scale.codes.filter(([, text]) => text !== null && text !== undefined);
  return named.length
    ? el(
        'div',
        { class: 'ends', 'aria-hidden': 'true' },
        named.map(([code, text]) => el('span', {}, `${code} = `, shown('span', text))),
      )
    : null;
}

function fieldOf(item, key, name, asked, took) {
  const typed = state.typed.get(key),
    answer = given(key);
  const start = typed || (isBlank(answer) || missingOf(item).includes(answer) ? '' : String(answer));
  const common = { name, id: `${name}-field`, 'aria-labelledby': asked.named, value: start, autocomplete: 'off' };
  let input;
  if (item.type === 'text') input = el('textarea', { ...common, rows: 3 });
  else if (item.type === 'date') input = el('input', { ...common, type: 'date' });
  else
    input = el('input', {
      ...common,
      type: 'text',
      inputmode: item.type === 'integer' ? 'numeric' : 'decimal',
      size: 12,
    });
  input.addEventListener('change', () => {
    state.typing = null;
    refresh();
  });
  input.addEventListener('input', () => {
    state.typing = key; // what is wrong is said when one has finished typing
    const read = readField(item, input.value);
    took(read, read === null ? input.value.trim() : '');
  });
  const unit = item.unit ? el('span', { class: 'unit' }, item.unit) : null;
  return { input, box: el('div', { class: 'field' }, input, unit) };
}

// Read what was typed: a number, a text; null for nothing and for what is none.
function readField(item, typed) {
  const text = typed.trim();
  if (!text) return null;
  if (item.type === 'integer') return /^[+-]?\d{1,15}$/.test(text) ? Number(text) : null;
  if (['decimal', 'number'].includes(item.type)) {
    return /^[+-]?(\d+([.,]\d*)?|[.,]\d+)$/.test(text) ? Number(text.replace(',', '.')) : null;
  }
  return text;
}
