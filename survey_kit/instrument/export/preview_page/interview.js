// An interview walked through the routing: which items are open, which answers are accepted, what is computed.
// Everything follows from the answers given; nothing is remembered between two walks.

const data = JSON.parse(document.getElementById('content-data').textContent);
const DRAWN = ['arm', 'random'];
const byId = new Map(data.items.map(item => [item.id, item]));
const home = new Map();
for (const module of data.modules) {
  module.leaves = [];
  module.notes = [];
  for (const one of module.parts) {
    if (one.note) module.notes.push(one.note);
    for (const place of one.rows || (one.item === undefined ? [] : [one.item])) {
      module.leaves.push(data.items[place]);
      home.set(data.items[place].id, { module, grid: one.grid || null });
    }
  }
}

function keyOf(id, member) {
  return member ? `${id}[${member}]` : id;
}

function codesOf(item) {
  return item.scale === undefined ? [] : data.scales[item.scale].codes.map(([code]) => code);
}

function missingOf(item) {
  return item.missing === undefined ? [] : data.missing[item.missing].map(([code]) => code);
}

function isBlank(answer) {
  return answer === null || answer === undefined || Number.isNaN(answer);
}

function isEmpty(answer) {
  return isBlank(answer) || answer.length === 0;
}

// Give what an answer means to conditions: missing codes and blanks are not known.
function columnOf(item, answer) {
  const missing = missingOf(item);
  if (item.type === 'multiple') {
    const chosen = [...new Set(answer || [])];
    const sure = chosen.length > 0 && !chosen.some(code => missing.includes(code));
    return { value: sure ? chosen : [], known: sure, words: true };
  }
  const sure = !isBlank(answer) && !missing.includes(answer);
  return { value: sure ? answer : item.words ? '' : NaN, known: sure, words: Boolean(item.words) };
}

// Say why an answer cannot be taken: 'alone', 'most', 'low', 'high', 'rule'; null when it can.
function refusal(item, answer, find) {
  const missing = missingOf(item),
    several = item.type === 'multiple';
  if (isEmpty(answer) && (several || isBlank(answer))) return null;
  if (several) {
    const chosen = [...new Set(answer)],
      alone = [...(item.exclusive || []), ...missing];
    const single = chosen.filter(code => alone.includes(code)).length;
    if (single > 0 && chosen.length > 1) return 'alone';
    if (single === 0 && chosen.length > (item.most === undefined ? codesOf(item).length : item.most)) return 'most';
    if (chosen.some(code => missing.includes(code))) return null;
  } else {
    if (missing.includes(answer)) return null;
    if (item.minimum !== undefined && answer < item.minimum) return 'low';
    if (item.maximum !== undefined && answer > item.maximum) return 'high';
  }
  if (!item.rule) return null;
  const column = columnOf(item, answer);
  return truth(item.rule, name => (name === item.id ? column : find(name))) === false ? 'rule' : null;
}

// Walk once through the questionnaire. `given` gives the answer under a key: an item's id, for a member of a repeated
// module with its number, like age[2]. An answer that cannot be taken counts as none.
function settle(given) {
  const walked = { open: new Map(), refused: new Map(), columns: new Map(), members: new Map(), asked: new Map() };
  const outer = new Map();
  const find = name => outer.get(name) || absent(name);
  for (const module of data.modules) {
    const asked = module.when ? truth(module.when, find) : true;
    walked.asked.set(module.id, asked);
    if (!module.repeat) {
      walkModule(module, 0, outer, find, given, walked);
      continue;
    }
    const size = find(module.repeat.count);
    const count = asked === true && size.known ? Math.max(0, Math.min(Math.trunc(size.value), module.repeat.most)) : 0;
    walked.members.set(module.id, count);
    const each = [];
    for (let member = 1; member <= count; member += 1) {
      const own = new Map();
      walkModule(module, member, own, name => own.get(name) || find(name), given, walked);
      each.push(own);
    }
    sumUp(module, each, outer);
  }
  walked.find = (name, member) => {
    if (name.includes('(')) return find(name);
    const key = keyOf(name, member);
    return walked.columns.get(key) || walked.columns.get(name) || absent(name);
  };
  return walked;
}

function walkModule(module, member, own, find, given, walked) {
  for (const item of module.leaves) {
    const key = keyOf(item.id, member),
      open = item.when ? truth(item.when, find) : true;
    walked.open.set(key, open);
    let column;
    if (item.type === 'calculated') {
      column = item.value ? value(item.value, find) : absent(item.id);
      if (open !== true) column = { ...column, known: false };
    } else {
      const answer = given(key),
        why = open === true ? refusal(item, answer, find) : null;
      if (why) walked.refused.set(key, why);
      column = columnOf(item, open === true && !why ? answer : null);
    }
    own.set(item.id, column);
    walked.columns.set(key, column);
  }
  for (const note of module.notes) {
    walked.open.set(keyOf(note.id, member), note.when ? truth(note.when, find) : true);
  }
}

function sumUp(module, each, outer) {
  outer.set(`count(${module.id})`, known(each.length));
  for (const item of module.leaves) {
    if (item.words || item.type === 'multiple') continue;
    const numbers = each
      .map(own => own.get(item.id))
      .filter(one => one.known)
      .map(one => one.value);
    outer.set(`sum(${item.id})`, known(numbers.reduce((total, one) => total + one, 0)));
    outer.set(`min(${item.id})`, numbers.length ? known(Math.min(...numbers)) : UNKNOWN);
    outer.set(`max(${item.id})`, numbers.length ? known(Math.max(...numbers)) : UNKNOWN);
  }
}

function absent(name) {
  if (name.startsWith('count(') || name.startsWith('sum(')) return known(0);
  const item = byId.get(name);
  return { ...UNKNOWN, words: Boolean(item && item.words) };
}
