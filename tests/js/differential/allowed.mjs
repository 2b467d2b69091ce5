// Where the two may differ, and why. An entry that no case needs has no place here.

import { isFor, isOfKind, isSound, isWeakPoint, LEAST, material } from "./key_facts.mjs";
import { octets, publicKey } from "./keys.mjs";

const ALPHABET = /^[A-Za-z0-9_-]*$/;
const isCanonical = (text) => ALPHABET.test(text) && octets(text).toString("base64url") === text;
const has = (value, name) => value !== undefined && Object.hasOwn(value, name);
const isText = (value) => typeof value === "string";
/** Whether one of these is there and is no string. */
const wrong = (value, ...names) => names.some((name) => has(value, name) && !isText(value[name]));
const COORDINATES = { "P-256": 32, "P-384": 48, "P-521": 66, Ed25519: 32 };

const someKey = (test) => (facts) => facts.keys.some((key) => test(key, facts));
/** A member of a key that is octets. */
const someMember = (test) =>
  someKey((key) => material(key).some((name) => isText(key[name]) && test(key[name], key)));

/**
 * What jose accepts and we refuse. `code`: what we refuse it with. `applies`: told from the token, the keys and
 * the rules alone, so that where it does we must refuse, whatever jose says; `beside`: unless another key serves.
 */
export const STRICTER = [
  {
    name: "base64url has one spelling: no padding, no white space",
    why: "RFC 7515 §2: all trailing '=' omitted, without line breaks, white space or other characters",
    code: "token_malformed",
    applies: ({ segments }) => segments.length === 3 && segments.some((text) => !ALPHABET.test(text)),
  },
  {
    name: "base64url has one spelling: unused bits are zero",
    why: "RFC 4648 §3.5: a decoder may refuse other bits; a token then has one text",
    code: "token_malformed",
    applies: ({ segments }) => segments.some((text) => ALPHABET.test(text) && !isCanonical(text)),
  },
  {
    name: "no member twice",
    why: "RFC 7515 §4, RFC 7519 §4: refuse, or take the last; two parsers may not agree on which",
    code: "token_malformed",
    applies: ({ texts }) => texts.some(({ twice }) => twice),
  },
  {
    name: "no byte order mark",
    why: "RFC 8259 §8.1: must not be added; ignoring one is left open",
    code: "token_malformed",
    applies: ({ texts }) => texts.some(({ mark }) => mark),
  },
  {
    name: "no lone surrogates",
    why: "RFC 8259 §8.2, RFC 7493 §2.1: not Unicode, and receivers differ in what they make of it",
    code: "token_malformed",
    applies: ({ texts }) => texts.some(({ surrogate }) => surrogate),
  },
  {
    name: "no number beyond a double",
    why: "RFC 8259 §6, RFC 7493 §2.2: JSON.parse makes it infinite, and an exp that never comes",
    code: "token_malformed",
    applies: ({ texts }) => texts.some(({ beyond }) => beyond),
  },
  {
    name: "nesting is bounded",
    why: "RFC 8259 §9: a parser may limit the depth; 64 here",
    code: "token_malformed",
    applies: ({ texts }) => texts.some(({ depth }) => depth > 64),
  },
  {
    name: "length is bounded",
    why: "RFC 8259 §9: a parser may limit the size; 16 KiB a token here",
    code: "token_too_long",
    applies: ({ token }) => Buffer.byteLength(token) > 16 * 1024,
  },
  {
    name: "no nested token",
    why: "RFC 7519 §5.2: cty says that the payload is a JWT, and then it is not claims",
    code: "token_malformed",
    applies: ({ header }) => isText(header?.cty) && /^(application\/)?jwt$/i.test(header.cty),
  },
  {
    name: "typ and cty are strings",
    why: "RFC 7515 §4.1.9, §4.1.10",
    code: "token_malformed",
    applies: ({ header }) => wrong(header, "typ", "cty"),
  },
  {
    name: "no b64",
    why: "RFC 7797 §6: it must be critical, and §7: false is not for JWTs, true is better left out",
    code: "token_malformed",
    applies: ({ header }) => has(header, "b64"),
  },
  {
    name: "sub, jti and client_id are strings",
    why: "RFC 7519 §4.1.2, §4.1.7, RFC 8693 §4.3",
    code: "claim_malformed",
    applies: ({ claims }) => wrong(claims, "sub", "jti", "client_id"),
  },
  {
    name: "aud is a string or an array of strings",
    why: "RFC 7519 §4.1.3",
    code: "claim_malformed",
    applies: ({ claims }) => has(claims, "aud") && ![claims.aud].flat().every(isText),
  },
  {
    name: "not issued in the future",
    why: "RFC 7519 §4.1.6: the time at which it was issued; jose looks only where there is a maximum age",
    code: "issued_in_the_future",
    applies: ({ claims, rules }) =>
      typeof claims?.iat === "number" && claims.iat > Math.floor(rules.now) + (rules.clock_tolerance ?? 0),
  },
  {
    name: "a secret is as long as the hash",
    why: "RFC 7518 §3.2",
    code: ["key_not_found", "signature_invalid"],
    beside: true,
    applies: someKey((key, { header }) => isText(key.k) && octets(key.k).length < LEAST[header?.alg]),
  },
  {
    name: "no modulus that can be factored",
    why: "RFC 8725 §3.5, CVE-2017-15361",
    code: ["key_not_found", "signature_invalid"],
    beside: true,
    applies: someKey((key) => key.n === publicKey("RSA ROCA").n),
  },
  {
    name: "few keys are tried",
    why: "RFC 7515 §4.1.4: a token can name its key; one that does not costs a verification a key, so 4 at most",
    code: "key_not_found",
    applies: ({ header, keys }) =>
      header !== undefined && !has(header, "kid") && keys.filter((key) => isFor(key, header.alg)).length > 4,
  },
  {
    name: "a kid stands once in a set",
    why: "RFC 7517 §4.5",
    code: "jwks",
    applies: ({ keys }) => {
      const kids = keys.filter((key) => isText(key.kid) && isSound(key)).map((key) => key.kid);
      return new Set(kids).size < kids.length;
    },
  },
  {
    name: "a set with a malformed key is malformed: kid, alg and use are strings",
    why: "RFC 7517 §4.2, §4.4, §4.5",
    code: "jwks",
    applies: someKey((key) => wrong(key, "kid", "alg", "use")),
  },
  {
    name: "a set with a malformed key is malformed: key_ops are strings, each once",
    why: "RFC 7517 §4.3",
    code: "jwks",
    applies: someKey(
      ({ key_ops: ops }) =>
        ops !== undefined && !(Array.isArray(ops) && ops.every(isText) && new Set(ops).size === ops.length),
    ),
  },
  {
    name: "a set with a malformed key is malformed: kty, crv and key material are strings",
    why: "RFC 7517 §4.1, RFC 7518 §6",
    code: "jwks",
    applies: someKey((key) =>
      wrong(key, "kty", ...(isOfKind(key, "EC", "OKP") ? ["crv"] : []), ...material(key)),
    ),
  },
  {
    name: "a set with a malformed key is malformed: base64url has one spelling",
    why: "RFC 7518 §6, RFC 7515 §2",
    code: "jwks",
    applies: someMember((text) => !isCanonical(text)),
  },
  {
    name: "a set with a malformed key is malformed: integers have no leading zeros",
    why: "RFC 7518 §2, §6.3.1.1",
    code: "jwks",
    applies: someMember((text, key) => key.kty === "RSA" && !octets(text)[0]),
  },
  {
    name: "a set with a malformed key is malformed: coordinates have their length",
    why: "RFC 7518 §6.2.1.2, §6.2.1.3, RFC 8037 §2",
    code: "jwks",
    applies: someMember(
      (text, key) => isOfKind(key, "EC", "OKP") && octets(text).length !== COORDINATES[key.crv],
    ),
  },
  {
    name: "no point of small order",
    why: "RFC 8725 §3.4: anyone can sign for it",
    code: "jwks",
    applies: someKey(isWeakPoint),
  },
];

/** What we accept and jose refuses: nothing, but for what its host makes of members that are not for us. */
export const LAXER = [
  {
    name: "EdDSA with a curve of Ed25519 and Ed25519 are one",
    why: "RFC 9864 §2.2: the same signature by another name; the key's alg may have the one, the token's the other",
    applies: someKey(
      (key, { header }) => key.alg !== header.alg && [key.alg, header.alg].every((a) => /^Ed/.test(a)),
    ),
  },
  {
    name: "key_ops may name more than verify",
    why: "RFC 7517 §4.3: other values may be used; WebCrypto imports no public key that also says sign",
    applies: someKey((key) => key.key_ops?.length > 1),
  },
  {
    name: "members that are not of a JWK to verify with are not read",
    why: "RFC 7517 §4: those not understood must be ignored; ext is WebCrypto's, priv another key type's",
    applies: someKey((key) => (has(key, "ext") && typeof key.ext !== "boolean") || has(key, "priv")),
  },
];
