// Our verifier and npm `jose` on the same tokens, keys and rules: one verdict, or a listed reason.
//
//   node tests/js/differential/run.mjs
//   EDGEGRANT_SEED=7 EDGEGRANT_RUNS=100000 node tests/js/differential/run.mjs
//
// The seed decides which cases there are. Keys are fresh in each run: a failing case is printed whole.

import assert from "node:assert/strict";
import fc from "fast-check";
import { LAXER, STRICTER } from "./allowed.mjs";
import { peculiarities } from "./json.mjs";
import { keyed } from "./jwks.mjs";
import { mutated } from "./mutations.mjs";
import { ruled, signed } from "./tokens.mjs";
import { ours, theirs } from "./verdicts.mjs";

const { EDGEGRANT_SEED: seed = 20_250_701, EDGEGRANT_RUNS: runs = 8000 } = process.env;
/** What is generated, how large a part of all cases, and the least part that both must accept. */
const PROPERTIES = [
  ["tokens as an issuer may sign them", signed, 0.25, 0.2],
  ["tokens that were spoilt", mutated, 0.35, 0.1],
  ["sets of keys", keyed, 0.25, 0.15],
  ["rules", ruled, 0.15, 0.1],
];

const tally = { cases: 0, agree: 0, accepted: 0, stricter: new Map(), laxer: new Map() };
const count = (map, { name }) => map.set(name, (map.get(name) ?? 0) + 1);

/** The text and the value of a segment that is JSON, as leniently as may be. */
function read(segment = "") {
  const octets = Buffer.from(segment, "base64url");
  try {
    const text = new TextDecoder("utf-8", { fatal: true }).decode(octets);
    return [JSON.parse(text), { ...peculiarities(text), mark: octets[0] === 0xef && octets[1] === 0xbb }];
  } catch {
    return [];
  }
}

/** What is known of a case without either of the two. */
function factsOf({ token, jwks, rules }) {
  const segments = token.split(".");
  const [[header, ofHeader], [claims, ofClaims]] = [read(segments[0]), read(segments[1])];
  const object = (value) =>
    typeof value === "object" && !Array.isArray(value) ? (value ?? undefined) : undefined;
  const keys = Array.isArray(jwks.keys) ? jwks.keys.map((key) => object(key) ?? {}) : [];
  const texts = [ofHeader, ofClaims].filter((text) => text !== undefined);
  return { token, rules, segments, header: object(header), claims: object(claims), texts, keys };
}

async function judge(subject) {
  const [our, their, facts] = [await ours(subject), await theirs(subject), factsOf(subject)];
  tally.cases += 1;
  const ignored = STRICTER.find((rule) => our.ok && !rule.beside && rule.applies(facts));
  assert.equal(ignored?.name, undefined, "accepted, although a rule applies");
  if (our.ok === their.ok) {
    tally.agree += 1;
    if (!our.ok) return;
    tally.accepted += 1;
    assert.deepEqual(our.claims, their.claims);
    assert.deepEqual(our.header, their.header);
    return;
  }
  const [rules, map, refused] = our.ok
    ? [LAXER, tally.laxer, their]
    : [STRICTER.filter(({ code }) => [code].flat().includes(our.code)), tally.stricter, our];
  const rule = rules.find(({ applies }) => applies(facts));
  const by = our.ok ? "only jose refuses" : "only we refuse";
  assert.ok(rule, `${by}, for no listed reason: ${refused.code}: ${refused.message}`);
  count(map, rule);
}

const listed = (map) => {
  const sorted = [...map].sort(([, a], [, b]) => b - a).map(([name, times]) => `\n  ${times} ${name}`);
  return `${[...map.values()].reduce((sum, times) => sum + times, 0)}${sorted.join("")}`;
};

for (const [what, cases, part, least] of PROPERTIES) {
  const before = { ...tally };
  try {
    await fc.assert(fc.asyncProperty(cases, judge), { seed: Number(seed), numRuns: Math.ceil(runs * part) });
    const [accepted, all] = [tally.accepted - before.accepted, tally.cases - before.cases];
    assert.ok(accepted >= all * least, `both accept but ${accepted} of ${all}: the cases say little`);
  } catch (error) {
    console.error(`${what}: EDGEGRANT_SEED=${seed} EDGEGRANT_RUNS=${runs}\n${error.message}`);
    console.error(error.cause?.message ?? "");
    process.exit(1);
  }
}
const { cases, agree, accepted, stricter, laxer } = tally;
console.log(`${cases} cases, ${agree} agree (${accepted} accepted), stricter by rule: ${listed(stricter)}`);
console.log(`laxer, each for its reason: ${listed(laxer)}`);
const idle = [...STRICTER, ...LAXER].filter(({ name }) => !stricter.has(name) && !laxer.has(name));
if (idle.length > 0) {
  console.error(`no case needs: ${idle.map(({ name }) => name).join("; ")}`);
  process.exit(1);
}
