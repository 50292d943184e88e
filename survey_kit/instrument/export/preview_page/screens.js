// Screens: one question or one module each, in the order that was drawn; going on, going back, progress.

let blocks = []; // what stands on the screen

// Give the modules in the order they are asked: those of a rotation stand together, from the drawn one on.
function orderedModules() {
  const out = [],
    done = new Set();
  for (const module of data.modules) {
    if (done.has(module.id)) continue;
    const rotation = data.rotations.find(one => one.modules.includes(module.id));
    const names = rotation
      ? rotation.modules.filter(name => data.modules.some(one => one.id === name) && !done.has(name))
      : [module.id];
    const start = rotation ? walked.find(rotation.start, 0) : null;
    const order =
      start && start.known ? turned(rotation.modules, start.value).filter(name => names.includes(name)) : names;
    for (const name of order) {
      out.push(data.modules.find(one => one.id === name));
      done.add(name);
    }
  }
  return out;
}

function shownParts(module, member) {
  const out = [];
  for (const part of module.parts) {
    if (part.note) out.push({ id: part.note.id, note: part.note, keys: [keyOf(part.note.id, member)] });
    else if (part.grid && !part.rows.length) continue;
    else if (part.grid) {
      const rows = part.rows.map(place => data.items[place]),
        start = part.grid.rotate && walked.find(part.grid.rotate, member);
      const order = start && start.known ? turned(rows, start.value) : rows;
      out.push({ id: part.grid.id, grid: part.grid, rows: order, keys: order.map(row => keyOf(row.id, member)) });
    } else {
      const item = data.items[part.item];
      if (item.type !== 'calculated' && !DRAWN.includes(item.type))
        out.push({ id: item.id, item, keys: [keyOf(item.id, member)] });
    }
  }
  return out;
}

// Give all screens, open or not, in their order.
function allScreens() {
  const out = [];
  for (const module of orderedModules()) {
    const count = module.repeat ? walked.members.get(module.id) : 1;
    for (let at = 1; at <= count; at += 1) {
      const member = module.repeat ? at : 0,
        parts = shownParts(module, member),
        stem = keyOf(module.id, member);
      if (state.screen === 'module' || !parts.length) out.push({ key: stem, module, member, parts });
      else out.push(...parts.map(part => ({ key: `${stem}/${part.id}`, module, member, parts: [part] })));
    }
  }
  return out;
}

function isOpen(screen) {
  if (screen.parts.some(part => part.keys.some(key => walked.open.get(key) === true))) return true;
  const words = screen.module.lead_in !== undefined && !shownParts(screen.module, screen.member).length;
  return words && walked.asked.get(screen.module.id) === true;
}

function openScreens() {
  return allScreens().filter(isOpen);
}

// Give the place among open screens; a screen that has closed stands where the next open one does.
function where(screens) {
  const at = screens.findIndex(one => one.key === state.place);
  if (at >= 0 || state.place === 'end') return at >= 0 ? at : screens.length;
  const all = allScreens(),
    from = Math.max(
      0,
      all.findIndex(one => one.key === state.place),
    );
  const next = all.slice(from).find(isOpen);
  return next ? screens.findIndex(one => one.key === next.key) : screens.length;
}

function goOn() {
  state.tried = true;
  state.typing = null;
  const bad = state.peek ? [] : blocks.filter(tellError);
  if (bad.length) {
    const first = bad[0].inputs.find(input => input.checked) || bad[0].inputs[0];
    announce(say('mend', { number: bad.length }));
    if (first) first.focus();
    return;
  }
  move(1);
}

function move(step) {
  const screens = openScreens(),
    at = where(screens);
  if (!state.peek) state.place = at + step >= screens.length ? 'end' : screens[Math.max(0, at + step)].key;
  state.peek = null;
  state.tried = false;
  draw(true);
}

// Go to the screen of an item or note; one that is closed is only looked at, and the interview stays where it is.
function jump(key) {
  state.tried = false;
  const screen = allScreens().find(one => one.parts.some(part => part.keys.includes(key)));
  state.peek = screen && walked.open.get(key) === true ? null : key;
  if (!state.peek) state.place = screen.key;
  draw(true);
}

function answered(key, answer, typed = '') {
  if (isEmpty(answer)) state.answers.delete(key);
  else state.answers.set(key, answer);
  if (typed) state.typed.set(key, typed);
  else state.typed.delete(key);
  refresh();
}

function emptied(key) {
  answered(key, null);
  draw(false);
  const block = blocks.find(one => one.key === key);
  if (block && block.inputs[0]) block.inputs[0].focus();
}

// ------------------------------------------------------------------------------------------------------------ drawing
// Draw the screen anew; `moved` puts the focus on its heading.
function draw(moved) {
  living = [];
  blocks = [];
  walked = settle(given);
  const screens = openScreens(),
    at = where(screens),
    screen = screens[at];
  state.place = screen ? screen.key : 'end';
  const box = document.getElementById('screen');
  const peeked = state.peek && itemOf(state.peek);
  if (peeked) box.replaceChildren(...closedScreen(peeked));
  else box.replaceChildren(...(screen ? openScreen(screen, screens[at - 1]) : endScreen(screens)));
  document.getElementById('back').disabled = !peeked && at === 0;
  document.getElementById('next').hidden = !peeked && !screen;
  document.getElementById('next').textContent = say(peeked ? 'return' : 'next');
  refresh();
  if (moved) {
    const heading = box.querySelector('h2');
    heading.focus({ preventScroll: true });
    window.scrollTo(0, 0);
  }
}

function openScreen(screen, before) {
  const { module, member } = screen,
    first = !before || before.module !== module || before.member !== member;
  const told = [];
  if (first || state.screen === 'module') {
    if (module.handed_over && state.view === 'interviewer')
      told.push(el('p', { class: 'told hand' }, say('hand_over')));
    if (module.instruction !== undefined)
      told.push(instruction(module.instruction, isAlone(module) && !module.handed_over));
    if (module.lead_in !== undefined) told.push(shown('p', module.lead_in, { class: 'lead' }, member));
  }
  const given_back =
    before && before.module.handed_over && !module.handed_over && state.view === 'interviewer' && first;
  if (given_back) told.unshift(el('p', { class: 'told hand' }, say('hand_back')));
  return [heading(module, member), ...told, ...screen.parts.flatMap(part => partBox(part, module, member))];
}

function heading(module, member) {
  const count = walked.members.get(module.id);
  const who = module.repeat
    ? el(
        'span',
        { class: 'member' },
        module.repeat.name === undefined ? '' : [' · ', shown('span', module.repeat.name)],
        ` ${say('member', { number: member, count })}`,
      )
    : null;
  return el('h2', { tabindex: -1 }, module.title === undefined ? module.id : shown('span', module.title), who);
}

function partBox(part, module, member) {
  if (part.grid) {
    const { box, blocks: made } = gridBlock(part.grid, part.rows, module, member);
    blocks.push(...made);
    living.push(() => {
      box.hidden = made.every(one => one.box.hidden);
    });
    return box;
  }
  const block = part.note ? noteBlock(part.note, module, member) : question(part.item, module, member, null);
  blocks.push(block);
  return block.box;
}

function closedScreen(item) {
  const { module, grid } = home.get(item.id) || {
    module: data.modules.find(one => one.notes.includes(item)),
    grid: null,
  };
  const member = Number((state.peek.match(/\[(\d+)\]/) || [0, module.repeat ? 1 : 0])[1]);
  const block = item.type === 'note' ? noteBlock(item, module, member) : question(item, module, member, null);
  block.box.disabled = true;
  const stem = grid && grid.text !== undefined ? shown('p', grid.text, { class: 'stem' }) : null;
  const why = el('p', { class: 'closed' }, say('closed'), ' ', el('code', {}, item.condition || ''));
  return [heading(module, member), why, stem, block.box].filter(Boolean);
}

// Bring everything on the screen up to date with the answers.
function refresh() {
  walked = settle(given);
  for (const block of blocks) {
    if (!state.peek) block.box.hidden = walked.open.get(block.key) !== true;
    tellError(block);
  }
  for (const put of living) put();
  const screens = openScreens(),
    at = where(screens),
    total = screens.length;
  const bar = document.getElementById('bar');
  bar.parentElement.hidden = Boolean(state.peek);
  bar.max = Math.max(1, total);
  bar.value = Math.min(at, total);
  document.getElementById('where').textContent =
    at >= total ? say('done') : say('screen_of', { number: at + 1, count: total });
  refreshPanel();
}

function announce(text) {
  const box = document.getElementById('live');
  box.textContent = box.textContent === text ? `${text}\u00a0` : text;
}
