/** Signs tokens, one and many, with a key that the core or WebCrypto holds. */

import { once } from "../load/once.ts";
import type { HostSign } from "../signer.ts";
import type { CoreFactory } from "../types.ts";
import { type Chunk, chunks, expectOnly, objectText, refuse } from "./batch.ts";
import { LiveCore, OpenSigner } from "./core.ts";
import { hostKey, hostSign, signAll } from "./host.ts";
import type { Batch, SignCore, Signer, SignerOptions } from "./types.ts";

const OPTIONS = ["jwk", "key", "alg", "typ", "kid", "header", "signing"];

/** Members that the options above make, or that nothing here honours (RFC 7515 §4.1.11, RFC 7797 §7). */
const OWN_MEMBERS = ["alg", "typ", "kid", "crit", "b64"];

/** Makes `createSigner` on the core that `load` loads, once, when it is first needed. */
export function signers(load: () => Promise<CoreFactory>): (options: SignerOptions) => Promise<Signer> {
  const live = once(async () => {
    const make = await load();
    // One module has the exports of both.
    return new LiveCore(() => make() as ReturnType<CoreFactory> & SignCore);
  });
  return async (options) => {
    expectOnly(options, "options", OPTIONS);
    return "key" in options ? fromKey(await live(), options) : fromJwk(await live(), options);
  };
}

type With<Member extends string> = Extract<SignerOptions, Record<Member, unknown>>;

function fromKey(live: LiveCore, { key, alg, kid, ...rest }: With<"key">): Signer {
  if ("jwk" in rest || "signing" in rest) {
    refuse("option_invalid", 'beside "key" there is no "jwk" and no "signing": the host signs');
  }
  if (typeof kid !== "string") refuse("option_invalid", '"kid" must be a string: a CryptoKey has none');
  const sign = hostSign(key, alg);
  return signer(new OpenSigner(live, header(alg, kid, rest), undefined), sign);
}

async function fromJwk(live: LiveCore, { jwk, alg, kid, signing, ...rest }: With<"jwk">): Promise<Signer> {
  const text = typeof jwk === "string" ? jwk : objectText(jwk, "key_invalid", "key");
  const isHmac = typeof alg === "string" && alg.startsWith("HS");
  const where = signing ?? (isHmac ? "core" : "host");
  if (where !== "core" && where !== "host") {
    refuse("option_invalid", `"signing" must be "host" or "core", not ${String(where)}`);
  }
  if (isHmac && where === "host")
    refuse("option_invalid", `"signing": ${alg} is always computed in the core`);
  const encoded = header(alg, kid ?? kidOf(text), rest);
  if (where === "core") return signer(new OpenSigner(live, encoded, text), undefined);
  const sign = hostSign(await hostKey(text, alg), alg);
  return signer(new OpenSigner(live, encoded, undefined), sign);
}

function header(alg: string, kid: unknown, { typ = "at+jwt", header = {} }: Partial<SignerOptions>): string {
  if (typeof alg !== "string") refuse("option_invalid", '"alg" must be a string, as in RFC 7518 §3.1');
  if (typ !== null && typeof typ !== "string") refuse("option_invalid", '"typ" must be a string or null');
  if (kid !== undefined && typeof kid !== "string") refuse("option_invalid", '"kid" must be a string');
  objectText(header, "header_invalid", "header");
  const own = Object.keys(header).find((name) => OWN_MEMBERS.includes(name));
  if (own !== undefined) refuse("header_invalid", `the header must not have "${own}"`);
  const members = { alg, ...(typ === null ? {} : { typ }), ...(kid === undefined ? {} : { kid }), ...header };
  return objectText(members, "header_invalid", "header");
}

/** The `kid` of a JWK; whether it is a good JWK is decided where it is imported. */
function kidOf(jwk: string): unknown {
  try {
    return JSON.parse(jwk)?.kid;
  } catch {
    return undefined;
  }
}

/** `sign`: how the host signs; `undefined`: the core does. */
function signer(core: OpenSigner, sign: HostSign | undefined): Signer {
  const tokens = async (chunk: Chunk): Promise<string[]> => {
    if (sign === undefined) return core.tokens(chunk);
    const [inputs, ends] = core.inputs(chunk);
    return core.assemble(inputs, ends, await signAll(sign, inputs, ends), chunk.first);
  };
  async function* sign_chunks(batch: Batch): AsyncGenerator<string[]> {
    // The host signs the next chunk while the core assembles this one. There is nothing to gain where the
    // core does both.
    let ahead: Promise<string[]> | undefined;
    for (const chunk of chunks(batch)) {
      const before = ahead;
      ahead = tokens(chunk);
      // Whoever stops reading does not hear of it.
      ahead.catch(() => {});
      if (before !== undefined) yield await before;
    }
    if (ahead !== undefined) yield await ahead;
  }
  return {
    async sign(claims) {
      const text = objectText(claims, "claims_invalid", "claims");
      if (sign === undefined) return core.token(text);
      const input = core.input(text);
      const ends = Uint32Array.of(input.byteLength);
      const [token = ""] = core.assemble(input, ends, await signAll(sign, input, ends));
      return token;
    },
    async sign_batch(batch) {
      const all: string[][] = [];
      for await (const chunk of sign_chunks(batch)) all.push(chunk);
      return all.flat();
    },
    sign_chunks,
  };
}
