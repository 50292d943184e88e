// A question on the screen: its words, what is said to the interviewer, its answers, what is wrong with them.

function isAlone(module) {
  return Boolean(module.alone);
}

// Make the block of one item; `row` when it is a row of a grid.
function question(item, module, member, grid) {
  const key = keyOf(item.id, member),
    id = `q-${key.replace(/\W/g, '-')}`;
  const words = shown('span', item.text, { class: 'words' }, member);
  const legend = el(
    'legend',
    { id: `${id}-words` },
    idMark(item.id),
    words,
    item.optional ? el('span', { class: 'optional' }, ` ${say('optional')}`) : null,
  );
  const hints = el('div', { class: 'hints', id: `${id}-hints` }, hintsOf(item, module, grid));
  const error = el('p', { class: 'error', id: `${id}-error`, hidden: true });
  const apart =
    missingRows(item).length && state.view === 'interviewer' && !isAlone(module)
      ? el('span', { class: 'silent' }, say('not_read_out'))
      : null;
  const clear = el(
    'button',
    { type: 'button', class: 'quiet clear', hidden: true, onclick: () => emptied(key) },
    say('clear'),
  );
  clear.setAttribute('aria-describedby', `${id}-words`);
  const made = answering(item, key, { named: `${id}-words`, member, apart, clear, grid }, (answer, typed) =>
    answered(key, answer, typed),
  );
  const card = item.showcard && !(grid && grid.showcard) ? cardButton(item) : null;
  const field = item.scale === undefined,
    described = { 'aria-describedby': `${id}-hints ${id}-error` };
  const box = el(
    'fieldset',
    {
      class: grid ? 'question row' : 'question',
      id,
      role: item.type === 'single' ? 'radiogroup' : null,
      'data-item': item.id,
      'data-key': key,
      ...(field ? {} : described),
    },
    legend,
    hints,
    card,
    made.box,
    error,
  );
  const asked = item.type === 'single' ? box : field ? made.inputs[0] : null;
  if (asked && !item.optional) asked.setAttribute('aria-required', 'true');
  if (field) for (const [name, one] of Object.entries(described)) made.inputs[0].setAttribute(name, one);
  return { key, item, module, member, box, error, clear, inputs: made.inputs };
}

function idMark(id) {
  return state.view === 'interviewer' ? el('span', { class: 'id', 'aria-hidden': 'true' }, id) : null;
}

function hintsOf(item, module, grid) {
  const out = [],
    scale = item.scale === undefined ? null : data.scales[item.scale];
  const interviewer = state.view === 'interviewer',
    alone = isAlone(module);
  if (item.type === 'multiple')
    out.push(el('p', {}, item.most === undefined ? say('choose_several') : say('at_most', { number: item.most })));
  if (item.minimum !== undefined && item.maximum !== undefined && interviewer) {
    out.push(el('p', {}, say('between', { low: item.minimum, high: item.maximum })));
  }
  const silent = scale && scale.silent && scale.codes.length > 2 && !['design', 'paradata'].includes(item.role);
  if (interviewer && !alone && silent && !grid) out.push(el('p', { class: 'told' }, say('answers_not_read_out')));
  if (item.instruction !== undefined && !(grid && grid.instruction === item.instruction))
    out.push(instruction(item.instruction, alone));
  return out;
}

// Show an instruction: to the interviewer only in the interviewer's view; to respondents who answer alone always.
function instruction(number, alone) {
  if (number === undefined) return null;
  if (alone) return shown('p', number, { class: 'guide' });
  if (state.view !== 'interviewer') return null;
  return el('p', { class: 'told' }, el('b', {}, `${say('interviewer')}: `), shown('span', number));
}

function gridBlock(grid, rows, module, member) {
  const id = `g-${keyOf(grid.id, member).replace(/\W/g, '-')}`;
  const stem = shown('p', grid.text === undefined ? grid.label : grid.text, { class: 'stem', id }, member);
  const made = rows.map(item => question(item, module, member, grid));
  const hints = el('div', { class: 'hints' }, instruction(grid.instruction, isAlone(module)));
  const card = grid.showcard ? cardButton({ ...rows[0], showcard: grid.showcard }) : null;
  const scale = data.scales[rows[0].scale],
    ends = scale && scale.bare && rows.every(row => row.scale === rows[0].scale) ? endsOf(scale) : null;
  if (ends) ends.classList.add('kept');
  const box = el(
    'div',
    { class: 'grid', role: 'group', 'aria-labelledby': id },
    stem,
    hints,
    card,
    ends,
    made.map(one => one.box),
  );
  return { box, blocks: made };
}

function noteBlock(note, module, member) {
  const box = el(
    'div',
    { class: 'note', id: `q-${keyOf(note.id, member).replace(/\W/g, '-')}`, 'data-item': note.id },
    shown('p', note.text, { class: 'words' }, member),
    instruction(note.instruction, isAlone(module)),
  );
  return { key: keyOf(note.id, member), item: note, module, member, box, error: null, clear: null, inputs: [] };
}

// ----------------------------------------------------------------------------------------------------------- showcards
function cardButton(item) {
  return el(
    'button',
    { type: 'button', class: 'card-button', onclick: () => showCard(item) },
    say('showcard', { number: item.showcard }),
  );
}

function showCard(item) {
  const card = document.getElementById('card'),
    scale = data.scales[item.scale];
  const rows = scale
    ? ordered(item, scale, 0).map(([code, text]) =>
        el('li', {}, scale.bare ? bareWords(code, text) : shown('span', text)),
      )
    : [];
  const close = el('button', { type: 'button', class: 'main', onclick: () => card.close() }, say('close'));
  card.classList.toggle('wide', Boolean(scale && scale.bare));
  card.replaceChildren(
    el('h2', { id: 'card-title' }, say('card', { number: item.showcard })),
    scale && scale.bare ? endsOf(scale) || '' : '',
    el('ul', { class: scale && scale.bare ? 'run' : '' }, rows),
    close,
  );
  card.showModal();
}

// -------------------------------------------------------------------------------------------------------------- errors
// Say what is wrong with the answer under a key; '' when nothing is.
function wrong(block) {
  const { key, item } = block;
  if (item.type === 'note' || walked.open.get(key) !== true || state.typing === key) return '';
  if (state.typed.has(key)) return say(item.type === 'integer' ? 'no_whole_number' : 'no_number');
  const why = walked.refused.get(key);
  if (!why) return isEmpty(given(key)) && state.tried && !item.optional && !state.free ? say('required') : '';
  if (why === 'most') return say('at_most', { number: item.most });
  if (why === 'alone') return say('alone');
  if (why === 'rule') return spoken(item.message).text || say('invalid');
  const { minimum: low, maximum: high } = item;
  if (low !== undefined && high !== undefined) return say('between', { low, high });
  return why === 'low' ? say('at_least', { low }) : say('not_over', { high });
}

function tellError(block) {
  if (!block.error) return false;
  const told = wrong(block);
  block.error.hidden = !told;
  if (block.error.textContent !== told) {
    block.error.textContent = told;
    if (told) announce(told);
  }
  block.box.classList.toggle('bad', Boolean(told));
  for (const input of block.item.type === 'single' ? [block.box] : block.inputs) {
    if (told) input.setAttribute('aria-invalid', 'true');
    else input.removeAttribute('aria-invalid');
  }
  block.clear.hidden = isEmpty(given(block.key)) && !state.typed.has(block.key);
  return Boolean(told);
}
