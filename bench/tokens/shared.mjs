// What signing and verifying share.

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

/** The claims of RFC 9068 §2.2. */
export const SHARED = {
  iss: "https://issuer.example",
  aud: "https://api.example.com/orders",
  client_id: "bench-client",
  scope: "orders:read orders:write",
  iat: 1_790_000_000,
  exp: 1_790_003_600,
};
export const subject = (index) => `subject-${String(index).padStart(5, "0")}`;

/** What is given lies ready: made when `count` changes, which it does before anything is measured. */
export function ready(make) {
  let made = [];
  return (count) => {
    if (made.length !== count) made = Array.from({ length: count }, (_, index) => make(index));
    return made;
  };
}

/** Makes one of each that is given, `flight` at once, and keeps them as a batch does; answers the last. */
export async function inFlight(given, flight, make) {
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
