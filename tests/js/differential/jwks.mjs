// Sets of keys, sound and not, against one good token.

import fc from "fast-check";
import { base64url, kindOf, NEUTRAL, NEUTRAL_SIGNATURE, octets, privateKey, publicKey } from "./keys.mjs";
import { alg, CLAIMS, header, key, rulesOf, token } from "./tokens.mjs";

const one = (...values) => fc.constantFrom(...values);

/** Who signs, of each kind; the last few are none that a verifier should trust. */
const SIGNERS = {
  oct: ["oct", "oct 31", "oct 32", "oct 47", "oct 48", "oct 63"],
  RSA: ["RSA", "RSA", "RSA e=3", "RSA 1536", "RSA 2047", "RSA ROCA"],
  "P-256": ["P-256", "P-256 leading zero"],
  "P-384": ["P-384"],
  "P-521": ["P-521"],
  Ed25519: ["Ed25519", "Ed25519", "neutral"],
};

/** Members that say what a key is for; `undefined` takes one away. */
const ATTRIBUTES = fc.oneof(
  alg.map((name) => ({ alg: name })),
  one({ alg: "EdDSA" }, { alg: "Ed25519" }, { alg: "" }, { alg: 1 }, { alg: null }, { alg: "RSA-OAEP" }),
  one({ use: "sig" }, { use: "enc" }, { use: "SIG" }, { use: "" }, { use: 1 }, { use: null }),
  one(
    ...[["verify"], ["sign"], [], ["verify", "verify"], "verify", null, [1], ["verify", 1]],
    ...[["sign", "verify"], ["verify", "x"], ["verify", "encrypt"], ["Verify"]],
  ).map((key_ops) => ({ key_ops })),
  one({ kid: "other" }, { kid: undefined }, { kid: 1 }, { kid: null }, { kid: "" }),
  one({ ext: true }, { ext: false }, { ext: "yes" }, { ext: null }, { priv: "AA" }, { exp: 1 }),
  one({ x5c: ["AA"] }, { x5t: 1 }, { "x5t#S256": "" }, { __proto__: null, constructor: 1 }),
  one(
    { kty: "OCT" },
    { kty: "rsa" },
    { kty: "AKP" },
    { kty: 1 },
    { kty: undefined },
    { kty: "oct" },
    { kty: "EC" },
  ),
  one(
    { crv: "P-192" },
    { crv: "P-256" },
    { crv: "P-384" },
    { crv: "X25519" },
    { crv: "p-256" },
    { crv: 1 },
    { crv: "" },
  ),
);

/** What may happen to a member that is octets. */
const SPELLING = one(
  (text) => `${text}=`,
  (text) => `${text}${"=".repeat((4 - (text.length % 4)) % 4)}`,
  (text) => `${text}\n`,
  (text) => ` ${text}`,
  (text) => text.replace(/-/g, "+").replace(/_/g, "/"),
  (text) => text.slice(0, -1) + String.fromCharCode(text.charCodeAt(text.length - 1) + 1),
  (text) => base64url([0, ...octets(text)]),
  (text) => base64url([0, 0, ...octets(text)]),
  (text) => base64url(octets(text).subarray(1)),
  (text) => base64url(octets(text).subarray(0, -1)),
  (text) => base64url([...octets(text), 0]),
  (text) =>
    base64url(octets(text).map((octet, index, all) => (index === all.length - 1 ? octet ^ 1 : octet))),
  (text) => base64url(octets(text).map((octet, index) => (index === 0 ? octet ^ 128 : octet))),
  (text) => base64url(octets(text).map(() => 0)),
  (text) => base64url(octets(text).map(() => 255)),
  () => "",
  () => "AQ",
  () => "AA",
  () => "Ag",
  () => 1,
  () => null,
  () => undefined,
);
const MATERIAL = fc.tuple(one("n", "e", "x", "y", "k"), SPELLING).map(([name, spell]) => (jwk) => {
  const there = ["n", "e", "x", "y", "k"].filter((member) => typeof jwk[member] === "string");
  const member = there.includes(name) ? name : there[0];
  return member === undefined ? {} : { [member]: spell(jwk[member]) };
});

/** The octets of the first coordinate without the zero that they begin with. */
const shortened = (name) => ({ x: base64url(octets(publicKey(name).x).subarray(1)) });
const privateMembers = one(
  (_, name) => privateKey(name),
  (_, name) => ({ d: privateKey(name).d }),
  () => ({ d: "AA" }),
  () => ({ d: "" }),
  () => ({ p: "AA" }),
  () => ({ oth: [] }),
);
const change = fc.oneof(
  { weight: 4, arbitrary: ATTRIBUTES.map((members) => () => members) },
  { weight: 3, arbitrary: MATERIAL },
  { weight: 1, arbitrary: privateMembers },
  {
    weight: 1,
    arbitrary: one("EdDSA", "Ed25519").map((name) => (jwk) => (jwk.kty === "OKP" ? { alg: name } : {})),
  },
  { weight: 1, arbitrary: one((_, name) => (name === "P-256 leading zero" ? shortened(name) : {})) },
);

/** What stands in the set beside the key. */
const company = fc.oneof(
  { weight: 6, arbitrary: one((jwk) => [jwk]) },
  {
    weight: 2,
    arbitrary: fc.integer({ min: 1, max: 5 }).map((count) => (jwk, kind) => {
      const others = Array.from({ length: count }, (_, index) => publicKey(`${kind} other ${index}`));
      return [...others, jwk];
    }),
  },
  {
    weight: 3,
    arbitrary: one(
      (jwk) => [jwk, jwk],
      (jwk, kind) => [{ ...publicKey(`${kind} other`), kid: "key-1" }, jwk],
      (jwk, kind) => [jwk, { ...publicKey(kind === "RSA" ? "P-256" : "RSA"), kid: "key-1" }],
      (jwk) => [{ kty: "AKP", kid: "key-1", pub: "AA" }, jwk],
      (jwk) => [{}, jwk],
      (jwk) => [jwk, null],
      (jwk) => [jwk, "x"],
      (jwk) => [jwk, { kty: "EC", crv: "P-256", x: "AA", y: "AA" }],
      (jwk) => [jwk, { kty: "RSA", n: "!", e: "AQAB" }],
      (jwk) => [{ kty: "RSA", kid: 1 }, jwk],
      (jwk) => [jwk, { kty: "AKP", key_ops: ["verify", "verify"] }],
      (jwk) => [jwk, { kty: "oct", k: 1 }],
      () => [],
    ),
  },
);
const shape = fc.oneof(
  { weight: 20, arbitrary: one((keys) => ({ keys })) },
  {
    weight: 1,
    arbitrary: one(
      (keys) => keys,
      () => ({}),
      (keys) => ({ keys: { ...keys } }),
      (keys) => ({ keys, x: 1 }),
    ),
  },
);

export const keyed = fc
  .record({
    name: alg,
    signer: fc.nat(5),
    named: fc.boolean(),
    changes: fc.array(change, { maxLength: 2 }),
    company,
    shape,
  })
  .map(({ name, signer, named, changes, company: beside, shape: shaped }) => {
    const kind = kindOf(name);
    const signers = SIGNERS[kind];
    const by = signers[signer % signers.length];
    const weak = by === "neutral";
    const jwk = weak ? { ...NEUTRAL, kid: "key-1" } : key(by);
    if (!named) delete jwk.kid;
    for (const act of changes) Object.assign(jwk, act(jwk, weak ? "Ed25519" : by));
    const text = JSON.stringify({ ...header(name), kid: named ? "key-1" : undefined });
    const good = token(text, JSON.stringify(CLAIMS), name, weak ? "Ed25519" : by);
    return {
      token: weak ? good.replace(/[^.]*$/, NEUTRAL_SIGNATURE) : good,
      jwks: JSON.parse(JSON.stringify(shaped(beside(jwk, kind)))),
      rules: rulesOf({ typ: {}, all: true }, name),
    };
  });
