// What Edgegrant is measured beside, in the same process: the same answer made with `jose`, and signatures alone.
import { importJWK, SignJWT } from "jose";
import { ALGORITHMS, inFlight, ready } from "../tokens/shared.mjs";

/** Tokens of a part of a streamed answer. */
const PART = 512;

const made = new Map();

/**
 * What is asked of `/jose` and `/webcrypto`, as text or as parts of it; `undefined`: it is Edgegrant's. `json`: reads
 * the body.
 */
export function answerOther(target, json, env) {
  const { pathname, searchParams } = new URL(target, "http://localhost");
  const answer = { "/jose": byJose, "/webcrypto": byWebcrypto }[pathname];
  return answer?.(Object.fromEntries(searchParams), json, env);
}

/** The same as a `Response`. */
export async function respond(answer) {
  const body = await answer;
  const headers = { "content-type": "application/json", "cache-control": "no-store" };
  return new Response(typeof body === "string" ? body : streamOf(body), { headers });
}

function streamOf(parts) {
  const encoder = new TextEncoder();
  const pull = async (controller) => {
    const { done, value } = await parts.next();
    if (done) controller.close();
    else controller.enqueue(encoder.encode(value));
  };
  return new ReadableStream({ pull }, { highWaterMark: 0 });
}

async function byJose({ alg, flight, streamed, origin }, json, env) {
  const key = await kept(`jose ${alg}`, () => importJWK(jwkOf(env, alg), alg));
  const subjects = await json();
  const header = { kid: "generator", typ: "exchangeable+jwt", alg };
  const iat = Math.floor(Date.now() / 1000);
  const shared = {
    aud: `${origin}/token`,
    scope: ["sports", "contacts", "phone"],
    iss: origin,
    exp: iat + 900,
    iat,
    client_id: "redeems",
  };
  const sign = (sub) =>
    new SignJWT({ ...shared, sub, jti: crypto.randomUUID() }).setProtectedHeader(header).sign(key);
  const parts = joseParts(subjects, sign, Number(flight));
  if (streamed === "true") return parts;
  let whole = "";
  for await (const part of parts) whole += part;
  return whole;
}

/** A JSON object of subject and token. */
async function* joseParts(subjects, sign, flight) {
  for (let first = 0; first < subjects.length; first += PART) {
    let part = "";
    for (let from = first; from < Math.min(first + PART, subjects.length); from += flight) {
      const some = subjects.slice(from, Math.min(from + flight, first + PART));
      const tokens = flight === 1 ? [await sign(some[0])] : await Promise.all(some.map(sign));
      for (const [index, token] of tokens.entries()) {
        part += `${from + index === 0 ? "{" : ","}${JSON.stringify(some[index])}:"${token}"`;
      }
    }
    yield first + PART >= subjects.length ? `${part}}` : part;
  }
}

/** As many signatures over inputs that lie ready, of as many octets. */
async function byWebcrypto({ alg, flight, count, octets }, _json, env) {
  const [imported, parameters] = ALGORITHMS[alg];
  const { key, given } = await kept(`webcrypto ${alg}`, async () => ({
    key: await crypto.subtle.importKey("jwk", jwkOf(env, alg), imported, false, ["sign"]),
    given: ready((index) => new Uint8Array(Number(octets)).fill(index)),
  }));
  await inFlight(given(Number(count)), Number(flight), (input) => crypto.subtle.sign(parameters, key, input));
  return "signed";
}

function jwkOf(env, alg) {
  return JSON.parse(env[`KEY_${alg.toUpperCase()}`]);
}

async function kept(name, make) {
  if (!made.has(name)) made.set(name, await make());
  return made.get(name);
}
