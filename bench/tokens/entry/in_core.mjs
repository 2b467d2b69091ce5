// What WebAssembly takes to verify a signature by what WebCrypto verifies: microseconds by algorithm, as JSON. The
// inspection verifies all of them in the core; what it takes without a key is taken off.
import { generateKeyPairSync } from "node:crypto";
import { readFileSync } from "node:fs";
import { SignJWT } from "jose";
import instantiate from "../../../dist/core/inspector.js";

const core = instantiate(
  new WebAssembly.Module(readFileSync(new URL("../../../dist/core/inspector.wasm", import.meta.url))),
);
const NOW = 1_790_000_000;
const PAIRS = {
  RS256: ["rsa", { modulusLength: 2048 }],
  PS256: ["rsa", { modulusLength: 2048 }],
  ES256: ["ec", { namedCurve: "P-256" }],
  EdDSA: ["ed25519", {}],
};

const figures = {};
for (const [alg, [type, options]] of Object.entries(PAIRS)) {
  const { privateKey, publicKey } = generateKeyPairSync(type, options);
  const jwk = JSON.stringify(publicKey.export({ format: "jwk" }));
  const token = await new SignJWT({ exp: NOW }).setProtectedHeader({ alg, typ: "at+jwt" }).sign(privateKey);
  const { status } = JSON.parse(core.inspect(token, jwk, NOW)).signature;
  if (status !== "verified") throw new Error(`${alg}: ${status}`);
  figures[alg] =
    quickest(() => core.inspect(token, jwk, NOW)) - quickest(() => core.inspect(token, undefined, NOW));
}
console.log(JSON.stringify(figures));

function quickest(run) {
  let least = Number.POSITIVE_INFINITY;
  for (let round = 0; round < 20; round++) {
    const began = performance.now();
    for (let index = 0; index < 50; index++) run();
    least = Math.min(least, (performance.now() - began) * 20);
  }
  return least;
}
