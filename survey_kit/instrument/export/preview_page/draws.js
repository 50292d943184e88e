// What is drawn at random follows from the seed and the name of what is drawn, so the same seed shows the same
// interview.

// Fowler, Noll and Vo's hash (FNV-1a, 32 bits) of a text, mixed until each bit depends on all; a number in [0, 1).
function uniform(...parts) {
  let hash = 0x811c9dc5;
  for (const letter of parts.join('\u0000')) hash = Math.imul(hash ^ letter.codePointAt(0), 0x01000193);
  for (const [shift, factor] of [
    [16, 0x85ebca6b],
    [13, 0xc2b2ae35],
    [16, 1],
  ]) {
    hash = Math.imul(hash ^ (hash >>> shift), factor);
  }
  return (hash >>> 0) / 4294967296;
}

function drawn(item, key, seed) {
  const u = uniform(seed, key);
  if (item.type === 'random') return u;
  const codes = codesOf(item),
    shares = (item.shares || []).length ? item.shares : codes.map(() => 1);
  const total = shares.reduce((sum, one) => sum + one, 0);
  let below = 0;
  for (const [at, code] of codes.entries()) {
    below += shares[at] / total;
    if (u < below) return code;
  }
  return codes[codes.length - 1];
}

// Give things in cyclic order from the start-th on; without a start as they stand.
function turned(things, start) {
  const first = Number.isInteger(start) && start >= 1 && start <= things.length ? start - 1 : 0;
  return [...things.slice(first), ...things.slice(0, first)];
}

// Give codes in an order that follows from a drawn number; those that stand alone keep their places.
function shuffled(codes, fixed, u) {
  const free = codes.filter(code => !fixed.includes(code));
  for (let at = free.length - 1; at > 0; at -= 1) {
    const other = Math.floor(uniform(u, at) * (at + 1));
    [free[at], free[other]] = [free[other], free[at]];
  }
  return codes.map(code => (fixed.includes(code) ? code : free.shift()));
}

// Give what conditions look for in an item's answers, so that a random interview gets beyond its filters.
let looked = null;

function likedOf(item) {
  if (!looked) {
    looked = new Map();
    const like = (name, code) => looked.set(name, [...(looked.get(name) || []), constant(code)]);
    const look = tree => {
      if (!Array.isArray(tree)) return;
      if (tree[0] === '==' && tree[1][0] === 'item' && tree[2][0] === 'constant') like(tree[1][1], tree[2][1]);
      else if (tree[0] === 'in' && tree[1][0] === 'item') tree[2].forEach(code => like(tree[1][1], code));
      else tree.forEach(look);
    };
    for (const one of [...data.items, ...data.modules]) look(one.when || null);
  }
  return looked.get(item.id) || [];
}

// Draw an answer to an item: those that conditions look for more often, now and then a code that is no answer.
function anyAnswer(item, u) {
  const codes = codesOf(item),
    missing = missingOf(item);
  if (missing.length && u('missing') < 0.04) {
    const code = missing[Math.floor(u('which') * missing.length)];
    return item.type === 'multiple' ? [code] : code;
  }
  if (item.type === 'multiple') {
    const alone = item.exclusive || [],
      free = codes.filter(code => !alone.includes(code));
    const some = free.filter(code => u(code) < 0.35).slice(0, item.most);
    return some.length ? some : [(alone.length ? alone : codes)[0]];
  }
  const liked = likedOf(item).filter(code => !codes.length || codes.includes(code));
  if (liked.length && u('liked') < 0.6) return liked[Math.floor(u('which') * liked.length)];
  if (codes.length) return codes[Math.floor(u('code') * codes.length)];
  if (item.type === 'text') return say('sample_text');
  if (item.type === 'date') {
    const day = new Date(Date.UTC(2026, 0, 1 + Math.floor(u('day') * 365)));
    return day.toISOString().slice(0, 10);
  }
  const low = item.minimum === undefined ? 0 : item.minimum,
    high = item.maximum === undefined ? low + 100 : item.maximum;
  const towards = low + u('number') * u('again') * (high - low);
  return item.type === 'integer' ? Math.min(high, Math.round(towards)) : Math.round(towards * 100) / 100;
}
