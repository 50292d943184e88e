// Three values of truth (true, false, null for unknown) and values that are known or not, over trees that Python has
// written. A column is {value, known, words}: `words` says whether it holds texts; a number is never equal to, below or
// above a text.

const UNKNOWN = { value: NaN, known: false, words: false };

function truth(tree, find) {
  switch (tree[0]) {
    case 'and':
      return every(tree.slice(1).map(part => truth(part, find)));
    case 'or':
      return not(every(tree.slice(1).map(part => not(truth(part, find)))));
    case 'not':
      return not(truth(tree[1], find));
    case 'answered':
      return find(tree[1]).known;
    case 'selected': {
      const column = find(tree[1]);
      return column.known ? tree[2].some(code => column.value.includes(constant(code))) : null;
    }
    case 'in':
    case 'not in': {
      const column = value(tree[1], find);
      if (!column.known) return null;
      return tree[2].some(one => holds('==', column, known(constant(one)))) === (tree[0] === 'in');
    }
    case 'chain':
      return every(
        tree[1].map(([sign, left, right]) => {
          const one = value(left, find),
            other = value(right, find);
          return one.known && other.known ? holds(sign, one, other) : null;
        }),
      );
    default:
      throw new Error(`no truth: ${tree[0]}`);
  }
}

function value(tree, find) {
  switch (tree[0]) {
    case 'constant':
      return known(constant(tree[1]));
    case 'item':
    case 'over':
      return find(tree[1]);
    case '+':
    case '-':
    case '*':
    case '/':
      return compute(tree[0], number(tree[1], find), number(tree[2], find));
    case 'if': {
      const test = truth(tree[1], find),
        one = value(tree[2], find),
        other = value(tree[3], find);
      const chosen = test === true ? one : other;
      return { value: chosen.value, known: test !== null && chosen.known, words: one.words || other.words };
    }
    case 'floor': {
      const column = number(tree[1], find);
      return { ...column, value: Math.floor(column.value) };
    }
    case 'year':
      return part(find(tree[1]), 0, 4);
    case 'month':
      return part(find(tree[1]), 5, 7);
    case 'count_selected': {
      const column = find(tree[1]);
      return column.known ? known(column.value.length) : UNKNOWN;
    }
    default:
      throw new Error(`no value: ${tree[0]}`);
  }
}

function every(parts) {
  if (parts.includes(false)) return false;
  return parts.includes(null) ? null : true;
}

function not(one) {
  return one === null ? null : !one;
}

function known(one) {
  return { value: one, known: true, words: typeof one === 'string' };
}

function constant(one) {
  return typeof one === 'object' ? one.infinite * Infinity : one;
}

function holds(sign, one, other) {
  if (one.words !== other.words) return sign === '!=';
  const [a, b] = [one.value, other.value];
  switch (sign) {
    case '==':
      return a === b;
    case '!=':
      return a !== b;
    case '<':
      return before(a, b);
    case '>':
      return before(b, a);
    case '<=':
      return before(a, b) || a === b;
    default:
      return before(b, a) || a === b;
  }
}

// Texts are ordered by their characters, not by the halves in which a browser keeps rare ones.
function before(a, b) {
  if (typeof a !== typeof b) return false;
  if (typeof a !== 'string') return a < b;
  const one = Array.from(a),
    other = Array.from(b);
  for (let at = 0; at < Math.min(one.length, other.length); at += 1) {
    if (one[at] !== other[at]) return one[at].codePointAt(0) < other[at].codePointAt(0);
  }
  return one.length < other.length;
}

function compute(sign, one, other) {
  if (!one.known || !other.known || (sign === '/' && other.value === 0)) return UNKNOWN;
  const [a, b] = [one.value, other.value];
  return known(sign === '+' ? a + b : sign === '-' ? a - b : sign === '*' ? a * b : a / b);
}

function number(tree, find) {
  const column = value(tree, find);
  return column.words || !column.known ? UNKNOWN : column;
}

function part(column, start, end) {
  return column.known && column.value ? known(Number(column.value.slice(start, end))) : UNKNOWN;
}
