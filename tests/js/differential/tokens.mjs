// Tokens as an issuer may sign them, well or badly, and the rules they are held against.

import fc from "fast-check";
import { ALGS, base64url, kindOf, publicKey, signature } from "./keys.mjs";

export const NOW = 1_800_000_000;
export const ISSUER = "https://as.example";
export const AUDIENCE = "https://api.example";
const KID = "key-1";

export const CLAIMS = {
  iss: ISSUER,
  aud: AUDIENCE,
  sub: "user",
  client_id: "client",
  jti: "one",
  iat: NOW - 10,
  exp: NOW + 300,
  scope: "read write",
};
export const header = (alg) => ({ alg, kid: KID, typ: "at+jwt" });
export const key = (name, members) => ({ ...publicKey(name), kid: KID, ...members });

/** A token of these texts. */
export function token(headerText, claimsText, alg, keyName = kindOf(alg)) {
  const input = `${base64url(headerText)}.${base64url(claimsText)}`;
  return `${input}.${base64url(signature(input, alg, keyName))}`;
}

export const alg = fc.constantFrom(...ALGS);
const one = (...values) => fc.constantFrom(...values);
const text = fc.string({ unit: "binary", maxLength: 8 });
const json = fc.jsonValue({ stringUnit: "binary", maxDepth: 4 });

/** Around each moment that decides, and far from all. */
const seconds = fc.oneof(
  { weight: 6, arbitrary: fc.integer({ min: -125, max: 125 }).map((offset) => NOW + offset) },
  { weight: 2, arbitrary: fc.double({ min: -125, max: 125, noNaN: true }).map((offset) => NOW + offset) },
  { weight: 1, arbitrary: fc.double({ noNaN: true, noDefaultInfinity: true }) },
  { weight: 1, arbitrary: one(0, -1, 2 ** 31, 2 ** 53, 2 ** 64, 1e300, -1e300, 5e-324) },
);
const date = fc.oneof(
  { weight: 4, arbitrary: seconds },
  { weight: 1, arbitrary: one(undefined, null, "", `${NOW + 60}`, [], [NOW + 60], {}, true, false) },
);
const string = fc.oneof(text, json, one(undefined, null, 1, ["a"]));

/** Members of the one name, with a value of this kind. */
const member = (name, values) => values.map((value) => ({ [name]: value }));
const other = fc.tuple(fc.oneof(text, one("__proto__", "constructor", "toString", "act")), json);
const named = other.map(([name, value]) => Object.fromEntries([[name, value]]));

/** Some of these changes, most often few. `undefined` takes a member away. */
const changes = (most, ...kinds) => fc.array(fc.oneof(...kinds), { maxLength: most }).map(merged);

function merged(parts) {
  return Object.fromEntries(parts.flatMap(Object.entries));
}

const claimChanges = changes(
  3,
  member("iss", fc.oneof(one(ISSUER, `${ISSUER}/`, [ISSUER], null, 1, undefined), json)),
  member(
    "aud",
    fc.oneof(
      one(AUDIENCE, `${AUDIENCE}/`, [AUDIENCE], ["x", AUDIENCE], ["x"], [], undefined, null, {}),
      one([AUDIENCE, 1], [AUDIENCE, null], [[AUDIENCE]], 1),
    ),
  ),
  ...["sub", "jti", "client_id"].map((name) => member(name, string)),
  ...["exp", "nbf", "iat"].map((name) => member(name, date)),
  ...[named, named, named],
);

const headerChanges = changes(
  2,
  member(
    "typ",
    fc.oneof(
      one("at+jwt", "AT+JWT", "application/at+jwt", "Application/At+Jwt", "JWT", "jwt", "", "application/"),
      one("application/application/at+jwt", "at+jwt ", "text/at+jwt", undefined, null, 1, ["at+jwt"]),
    ),
  ),
  member("kid", fc.oneof(one(KID, undefined, "", "other", "KEY-1", null, 1, [KID]), text)),
  member("cty", one("JWT", "jwt", "application/JWT", "json", "", undefined, null, 1)),
  member("crit", one(["exp"], ["b64"], ["b64", "b64"], ["alg"], [""], [], [1], "b64", null, {})),
  one(
    { b64: true },
    { b64: false },
    { b64: null },
    { b64: false, crit: ["b64"] },
    { b64: true, crit: ["b64"] },
  ),
  member("alg", fc.oneof(alg, one("none", "None", "NONE", "", "rs256", "HS1", null, undefined, 1))),
  one(
    { jku: "http://127.0.0.1:1/" },
    { x5u: "http://127.0.0.1:1/" },
    { x5c: ["AA"] },
    { x5t: 1 },
    { jwk: {} },
  ),
  alg.map((name) => ({ jwk: publicKey(`${kindOf(name)} other`) })),
  ...[named, named],
);

const typ = fc.oneof(
  { weight: 3, arbitrary: one({}) },
  { weight: 4, arbitrary: one({ typ: null }) },
  { weight: 1, arbitrary: one({ typ: "JWT" }, { typ: ["at+jwt", "JWT"] }, { typ: "AT+JWT" }) },
);

/** Rules that a good token is within. */
export const mildRules = fc.record({ typ, all: fc.boolean() });
export const rulesOf = ({ typ: types, all }, name) => ({
  issuer: ISSUER,
  audience: AUDIENCE,
  algorithms: all ? ALGS : [name],
  now: NOW,
  ...types,
});

/** Any header and any claims, honestly signed. */
export const signed = fc
  .record({ name: alg, headerChanges, claimChanges, rules: mildRules, declared: fc.boolean() })
  .map((plan) => ({
    token: token(
      JSON.stringify({ ...header(plan.name), ...plan.headerChanges }),
      JSON.stringify({ ...CLAIMS, ...plan.claimChanges }),
      plan.name,
    ),
    jwks: { keys: [key(kindOf(plan.name), plan.declared ? { alg: plan.name } : {})] },
    rules: rulesOf(plan.rules, plan.name),
  }));

const issuers = one(
  ISSUER,
  [ISSUER],
  ["https://other.example", ISSUER],
  "https://other.example",
  `${ISSUER}/`,
);
const audiences = one(null, AUDIENCE, [AUDIENCE], ["x", AUDIENCE], "x", ["x", "y"], `${AUDIENCE}/`);
const optional = (name, values) => fc.option(member(name, values), { nil: {}, freq: 1 });

/** Any rules, and tokens near their bounds. */
export const ruled = fc
  .record({
    name: one("ES256", "HS256", "EdDSA"),
    issuer: fc.oneof({ weight: 4, arbitrary: one(ISSUER) }, { weight: 1, arbitrary: issuers }),
    audience: fc.oneof({ weight: 2, arbitrary: one(AUDIENCE, null) }, { weight: 1, arbitrary: audiences }),
    more: fc.tuple(
      typ,
      optional("clock_tolerance", fc.oneof(one(0, 60), fc.integer({ min: 0, max: 60 }))),
      optional("max_age", fc.oneof(one(0, 60, 2 ** 32 - 1), fc.integer({ min: 0, max: 125 }))),
      optional(
        "required_claims",
        fc.subarray(["sub", "jti", "iat", "act", "__proto__"], { minLength: 1, maxLength: 2 }),
      ),
      optional("claims", member("sub", one("user", "user", "user", "root", ""))),
    ),
    fraction: fc.oneof(one(0), fc.double({ min: 0, max: 0.99, noNaN: true })),
    times: changes(2, ...["exp", "nbf", "iat"].map((name) => member(name, seconds))),
    claims: changes(
      1,
      member("sub", one("user", "root", undefined, null, 1)),
      member("act", json),
      named,
      named,
    ),
    aud: fc.oneof(
      { weight: 4, arbitrary: one(AUDIENCE, [AUDIENCE, "z"]) },
      { weight: 1, arbitrary: one("x", ["y"], [], undefined, ["x", 1]) },
    ),
  })
  .map(({ name, issuer, audience, more, fraction, times, claims, aud }) => ({
    token: token(JSON.stringify(header(name)), JSON.stringify({ ...CLAIMS, aud, ...times, ...claims }), name),
    jwks: { keys: [key(kindOf(name))] },
    rules: {
      issuer,
      audience,
      algorithms: [name],
      now: NOW + fraction,
      ...merged(more),
    },
  }));
