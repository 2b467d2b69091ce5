// What is measured: each case is done by several subjects, in every runtime. Nothing here knows of runtimes.
import { createSigner } from "edgegrant/sign";
import { importJWK, SignJWT } from "jose";

const RSA = (name, more = {}) => [
  { name, hash: "SHA-256" },
  { name, ...more },
];

/** By algorithm: how WebCrypto imports and signs. */
export const ALGORITHMS = {
  HS256: [{ name: "HMAC", hash: "SHA-256" }, { name: "HMAC" }],
  RS256: RSA("RSASSA-PKCS1-v1_5"),
  PS256: RSA("RSA-PSS", { saltLength: 32 }),
  ES256: [
    { name: "ECDSA", namedCurve: "P-256" },
    { name: "ECDSA", hash: "SHA-256" },
  ],
  EdDSA: [{ name: "Ed25519" }, { name: "Ed25519" }],
};

/** Where the core can be told to sign. */
const IN_CORE = ["ES256", "EdDSA"];

const TYP = "at+jwt";

/** The claims of RFC 9068 §2.2. */
const SHARED = {
  iss: "https://issuer.example",
  aud: "https://api.example.com/orders",
  client_id: "bench-client",
  scope: "orders:read orders:write",
  iat: 1_790_000_000,
  exp: 1_790_003_600,
};
const subject = (index) => `subject-${String(index).padStart(5, "0")}`;
const claims = (index) => ({ ...SHARED, sub: subject(index), jti: crypto.randomUUID() });

/** What is given lies ready: made when `count` changes, which it does before anything is measured. */
function ready(make) {
  let made = [];
  return (count) => {
    if (made.length !== count) made = Array.from({ length: count }, (_, index) => make(index));
    return made;
  };
}

/**
 * By case and subject: from a private JWK to what makes `count` tokens, `flight` of them at once, and answers the
 * last. `algorithms`: all where none are named.
 */
export const CASES = {
  sign_one: {
    edgegrant: { prepare: (jwk) => edgegrantOne(jwk) },
    edgegrant_core: { prepare: (jwk) => edgegrantOne(jwk, "core"), algorithms: IN_CORE },
    jose: { prepare: joseSigns },
    webcrypto: { prepare: webcryptoSigns },
  },
  sign_many: {
    edgegrant: { prepare: (jwk) => edgegrantMany(jwk) },
    edgegrant_core: { prepare: (jwk) => edgegrantMany(jwk, "core"), algorithms: IN_CORE },
    jose: { prepare: joseSigns, flights: [1, 32, 256] },
    webcrypto: { prepare: webcryptoSigns, flights: [1, 32, 256] },
  },
};

/** The cases of an algorithm: `{name, subject, flights}`. */
export function casesOf(alg) {
  return Object.entries(CASES).flatMap(([name, subjects]) =>
    Object.entries(subjects)
      .filter(([, { algorithms }]) => algorithms?.includes(alg) ?? true)
      .map(([subject, { flights = [1] }]) => ({ name, subject, flights })),
  );
}

async function edgegrantOne(jwk, signing) {
  const signer = await createSigner({ jwk, alg: jwk.alg, ...(signing && { signing }) });
  const given = ready(claims);
  return (count) => inFlight(given(count), 1, (one) => signer.sign(one));
}

async function edgegrantMany(jwk, signing) {
  const signer = await createSigner({ jwk, alg: jwk.alg, ...(signing && { signing }) });
  const template = { ...SHARED, sub: null, jti: null };
  const given = ready(subject);
  return async (count) => {
    const tokens = await signer.sign_batch({ claims: template, columns: { sub: given(count) }, uuid: "jti" });
    return tokens.at(-1);
  };
}

async function joseSigns(jwk) {
  const { alg, kid } = jwk;
  const key = await importJWK(jwk, alg);
  const sign = (one) => new SignJWT(one).setProtectedHeader({ alg, typ: TYP, kid }).sign(key);
  const given = ready(claims);
  return (count, flight) => inFlight(given(count), flight, sign);
}

/** Nothing but the signatures: no JSON, no base64url, no token. */
async function webcryptoSigns(jwk) {
  const [imported, parameters] = ALGORITHMS[jwk.alg];
  const key = await crypto.subtle.importKey("jwk", jwk, imported, false, ["sign"]);
  const header = { alg: jwk.alg, typ: TYP, kid: jwk.kid };
  const octets = JSON.stringify(header).length + JSON.stringify(claims(0)).length;
  const given = ready((index) => new Uint8Array(Math.ceil(octets * (4 / 3)) + 1).fill(index));
  const sign = (input) => crypto.subtle.sign(parameters, key, input);
  return (count, flight) => inFlight(given(count), flight, sign);
}

/** Makes one of each that is given, `flight` at once, and keeps them as a batch does; answers the last. */
async function inFlight(given, flight, make) {
  const made = [];
  if (flight === 1) {
    for (const one of given) made.push(await make(one));
    return made.at(-1);
  }
  for (let first = 0; first < given.length; first += flight) {
    made.push(...(await Promise.all(given.slice(first, first + flight).map(make))));
  }
  return made.at(-1);
}
