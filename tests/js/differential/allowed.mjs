// Where the two may differ, and why. An entry that no case needs has no place here.

import { kindOf, octets, publicKey } from "./keys.mjs";

const CANONICAL = /^[A-Za-z0-9_-]*$/;
const isCanonical = (text) => CANONICAL.test(text) && octets(text).toString("base64url") === text;
const has = (value, name) => value !== undefined && Object.hasOwn(value, name);
const isText = (value) => typeof value === "string";
/** Which of the names is there and is no string. */
const wrong = (value, ...names) => names.some((name) => has(value, name) && !isText(value[name]));
const LENGTHS = { HS256: 32, HS384: 48, HS512: 64 };
const COORDINATES = { "P-256": 32, "P-384": 48, "P-521": 66, Ed25519: 32 };
const keysOf = ({ jwks }) => (Array.isArray(jwks.keys) ? jwks.keys.filter((key) => key !== null) : []);
const someKey = (test) => (facts) => keysOf(facts).some(test);
const fits = (jwk, alg) => [jwk.crv, jwk.kty].includes(kindOf(alg));

/**
 * What jose accepts and we refuse. `code`: what we refuse it with. `applies`: told from the token, the keys and
 * the rules alone, so that where it does we must refuse, whatever jose says.
 */
export const STRICTER = [
  {
    name: "base64url has one spelling: no padding, no white space",
    why: "RFC 7515 §2: all trailing '=' omitted, without line breaks, white space or other characters",
    code: "token_malformed",
    applies: ({ segments }) => segments.length === 3 && segments.some((text) => !CANONICAL.test(text)),
  },
  {
    name: "base64url has one spelling: unused bits are zero",
    why: "RFC 4648 §3.5: a decoder may refuse other bits; a token then has one text",
    code: "token_malformed",
    applies: ({ segments }) => segments.some((text) => CANONICAL.test(text) && !isCanonical(text)),
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
    applies: ({ claims, rules }) => claims?.iat > Math.floor(rules.now) + (rules.clock_tolerance ?? 0),
  },
  {
    name: "a secret is as long as the hash",
    why: "RFC 7518 §3.2",
    code: "key_not_found",
    applies: (facts) =>
      has(LENGTHS, facts.header?.alg) &&
      keysOf(facts).every((key) => !isText(key.k) || octets(key.k).length < LENGTHS[facts.header.alg]),
  },
  {
    name: "no modulus that can be factored",
    why: "RFC 8725 §3.5, CVE-2017-15361",
    code: "key_not_found",
    applies: (facts) => {
      const keys = keysOf(facts);
      return keys.length > 0 && keys.every((key) => key.kty === "RSA" && key.n === publicKey("RSA ROCA").n);
    },
  },
  {
    name: "few keys are tried",
    why: "RFC 7515 §4.1.4: the token can name its key; without, each key costs a verification, so 4 at most",
    code: "key_not_found",
    applies: (facts) =>
      has(facts.header, "alg") &&
      !has(facts.header, "kid") &&
      keysOf(facts).length > 4 &&
      keysOf(facts).every((key) =>
        Object.keys(key).every((name) => ["kty", "crv", "x", "y", "n", "e", "k"].includes(name)),
      ) &&
      keysOf(facts).every((key) => key.n !== publicKey("RSA ROCA").n && fits(key, facts.header.alg)),
  },
  {
    name: "a kid stands once in a set",
    why: "RFC 7517 §4.5",
    code: "jwks",
    applies: (facts) => {
      const kids = keysOf(facts)
        .filter((key) => isText(key.kid) && has(COORDINATES, key.crv))
        .map((key) => key.kid);
      return new Set(kids).size < kids.length;
    },
  },
  {
    name: "kid, alg, use and crv of a key are strings",
    why: "RFC 7517 §4.2, §4.4, §4.5, RFC 7518 §6.2.1.1",
    code: "jwks",
    applies: someKey((key) => wrong(key, "kid", "alg", "use")),
  },
  {
    name: "key_ops is an array of strings, each once",
    why: "RFC 7517 §4.3",
    code: "jwks",
    applies: someKey(
      ({ key_ops: ops }) =>
        ops !== undefined && !(Array.isArray(ops) && ops.every(isText) && new Set(ops).size === ops.length),
    ),
  },
];
