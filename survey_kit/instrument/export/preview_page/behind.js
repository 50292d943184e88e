// What stands behind the screen: conditions and whether they are true now, facts of each item, comments, values so far.
function refreshPanel() {
  if (!seen('behind')) return;
  const { total, done } = minutes();
  seen('time').textContent = say('time', { total: total.toFixed(1), done: done.toFixed(1) });
  const here = state.peek ? [state.peek] : blocks.map(block => block.key);
  const old = new Map([...seen('behind').children].map(one => [one.dataset.key, one]));
  const kept = here.map(key => fillBehind(old.get(key) || behind(key, here.length === 1), key));
  if (kept.length !== old.size || kept.some(one => !old.has(one.dataset.key))) seen('behind').replaceChildren(...kept);
  listValues();
}

function listValues() {
  if (!seen('p-values').open) return;
  const rows = data.items.flatMap(item =>
    keysOf(item)
      .filter(key => walked.open.get(key) === true && standing(key) !== null)
      .map(key => valueRow(item, key)),
  );
  const head = el(
    'thead',
    {},
    el(
      'tr',
      {},
      el('th', { scope: 'col' }, say('item')),
      el('th', { scope: 'col' }, say('value')),
      el('th', { scope: 'col' }, say('in_words')),
    ),
  );
  seen('values').replaceChildren(
    rows.length ? el('table', {}, head, el('tbody', {}, rows)) : el('p', {}, say('no_values')),
  );
}

function valueRow(item, key) {
  const stood = standing(key),
    words = answerWords(item, key);
  const kind = item.type === 'calculated' ? 'computed' : DRAWN.includes(item.type) ? 'drawn' : '';
  return el(
    'tr',
    { class: kind },
    el('th', { scope: 'row' }, key, kind ? el('span', { class: 'kind' }, ` ${say(kind)}`) : null),
    el('td', {}, el('code', {}, Array.isArray(stood) ? stood.join(' ') : plain(stood))),
    el('td', {}, words === plain(stood) ? '' : words),
  );
}

function behind(key, open) {
  const item = itemOf(key),
    safe = key.replace(/\W/g, '-'),
    status = item.status && item.status[state.language];
  const facts = [
    [say('type'), item.type],
    [say('universe'), item.universe],
    [say('period'), item.period],
    [say('source'), item.source && `${item.source.name} · ${say(item.source.verified ? 'verified' : 'not_verified')}`],
    [say('institution'), item.institution],
    [say('role'), item.role],
    [say('design'), item.note],
    [say('translation'), status && say(`status_${status}`)],
  ].filter(([, one]) => one !== undefined && one !== null);
  const note = el('textarea', { id: `c-${safe}`, rows: 2, value: state.notes.get(key) || '' });
  note.addEventListener('input', () => {
    state.saved = false;
    if (note.value.trim()) state.notes.set(key, note.value.trim());
    else state.notes.delete(key);
  });
  return el(
    'details',
    { class: 'behind', 'data-key': key, open },
    el('summary', {}, el('code', {}, key), ' ', el('span', { class: 'now' })),
    el('div', { class: 'route' }),
    el(
      'dl',
      {},
      facts.flatMap(([name, one]) => [
        el('dt', {}, name),
        typeof one === 'number' ? el('dd', {}, shown('span', one)) : el('dd', { lang: data.source }, one),
      ]),
    ),
    el('label', { for: `c-${safe}` }, say('comment')),
    note,
  );
}

// Say whether an item is open, and why: its condition, its truth now, and what it looks at.
function fillBehind(box, key) {
  const item = itemOf(key),
    id = item.id;
  const open = walked.open.has(key) ? walked.open.get(key) : false,
    member = Number((key.match(/\[(\d+)\]/) || [0, 0])[1]);
  const lines_ = [];
  if (item.condition)
    lines_.push(el('p', {}, say('asked_if'), ' ', el('code', {}, item.condition)), looksAt(item.when, member));
  else lines_.push(el('p', {}, say('asked_always')));
  if (item.constraint) {
    const rule = truth(item.rule, name =>
      name === id && !isBlank(given(key)) ? columnOf(item, given(key)) : walked.find(name, member),
    );
    lines_.push(el('p', {}, say('must_hold'), ' ', el('code', {}, item.constraint), ' ', truthMark(rule)));
  }
  box.querySelector('.route').replaceChildren(...lines_);
  box.querySelector('.now').replaceChildren(item.condition ? truthMark(open) : '');
  return box;
}

function truthMark(one) {
  const key = one === true ? 'true' : one === false ? 'false' : 'unknown';
  return el('strong', { class: `truth ${key}` }, say(`is_${key}`));
}

function looksAt(tree, member) {
  const names = new Set(),
    look = one => {
      if (!Array.isArray(one)) return;
      if (
        ['item', 'over', 'answered', 'selected', 'year', 'month', 'count_selected'].includes(one[0]) &&
        typeof one[1] === 'string'
      )
        names.add(one[1]);
      else one.forEach(look);
    };
  look(tree);
  const told = [...names].map(name => {
    const column = walked.find(name, member),
      item = byId.get(name),
      key = walked.columns.has(keyOf(name, member)) ? keyOf(name, member) : name;
    const held = column.known
      ? [column.value].flat().map(plain).join(' ')
      : (item && standing(key) !== null && `${standing(key)} · ${answerWords(item, key)}`) || '–';
    return el('li', {}, el('code', {}, `${name} = ${held}`));
  });
  return el('ul', { class: 'looks' }, told);
}
