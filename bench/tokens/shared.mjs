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

/** All of `count`, `flight` at once, kept as a batch keeps them; answers the last. */
export async function inFlight(count, flight, make) {
  const made = [];
  if (flight === 1) {
    for (let index = 0; index < count; index++) made.push(await make(index));
    return made.at(-1);
  }
  for (let first = 0; first < count; first += flight) {
    const length = Math.min(flight, count - first);
    made.push(...(await Promise.all(Array.from({ length }, (_, index) => make(first + index)))));
  }
  return made.at(-1);
}
