// What JSON.parse passes over in silence.

const TOKENS = /"(?:[^"\\]|\\.)*"|[{}[\],:]|[^\s{}[\],:"]+/g;

/**
 * What there is in a text that JSON.parse has accepted: a name twice in one object, the deepest nesting,
 * a surrogate without its other half, a number that no double holds.
 */
export function peculiarities(text) {
  const found = { twice: false, depth: 0, surrogate: false, beyond: false };
  const open = [];
  const tokens = text.match(TOKENS) ?? [];
  for (const [index, token] of tokens.entries()) {
    if (token === "{" || token === "[") found.depth = Math.max(found.depth, open.push(new Set()));
    else if (token === "}" || token === "]") open.pop();
    else if (token.startsWith('"')) {
      const value = JSON.parse(token);
      found.surrogate ||= !value.isWellFormed();
      if (tokens[index + 1] === ":") {
        const names = open.at(-1);
        found.twice ||= names.has(value);
        names.add(value);
      }
    } else if (/^-?\d/.test(token)) found.beyond ||= !Number.isFinite(Number(token));
  }
  return found;
}
