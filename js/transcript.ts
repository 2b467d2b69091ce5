/**
 * Transcripts: a request with everything that went in and came out, to look at and to run again.
 *
 * A transcript contains credentials: the client's secret or assertion, the records that were read,
 * the tokens that were issued. Keep it as you keep those.
 */

import type { Recording } from "./drive.ts";
import type { Core, Effect, HttpRequest, HttpResponse, Reply, Step } from "./types.ts";

/** A request in full. */
export interface Transcript {
  request: HttpRequest;
  /** When it arrived, milliseconds since 1970. */
  now: number;
  /** 32 bytes that fed its generator. */
  seed: Uint8Array;
  /** What the host answered: to each effect, and `"done"` to the head and to each chunk. */
  replies: Reply[];
  /** What the core asked of the host, in order. */
  effects: Effect[];
  /** The answer, a streamed one put together; `null`: there was none, for a trap or a reader gone. */
  response: HttpResponse | null;
}

/** What a driver recorded, as a transcript. */
export function transcribe({ request, now, seed, replies, steps }: Recording): Transcript {
  const effects = steps.flatMap((step) => (step.kind === "effect" ? [step.effect] : []));
  return { request, now, seed, replies: [...replies], effects, response: answer(steps) };
}

function answer(steps: readonly Step[]): HttpResponse | null {
  const last = steps.at(-1);
  if (last?.kind !== "done") return null;
  if (last.response !== null) return last.response;
  const head = steps.find((step) => step.kind === "head");
  if (head === undefined) return null;
  const utf8 = new TextDecoder("utf-8", { ignoreBOM: true });
  const parts = steps.map((step) => (step.kind === "chunk" ? utf8.decode(step.chunk, { stream: true }) : ""));
  return { status: head.status, headers: head.headers, body: parts.join("") };
}

/** The transcript as JSON; bytes become `{"$bytes": "<base64url>"}`. */
export function toJson(transcript: Transcript): string {
  return encode(transcript);
}

/** Reads what {@link toJson} wrote. Throws `SyntaxError` for what is not JSON. */
export function fromJson(text: string): Transcript {
  return JSON.parse(text, (_, value: unknown) => {
    const tagged = typeof value === "object" && value !== null && "$bytes" in value ? value.$bytes : null;
    return typeof tagged === "string" ? fromBase64url(tagged) : value;
  });
}

/**
 * Runs a transcript on `core`, an instance configured as it was then, with the same hooks. Performs nothing; returns the
 * answer. Throws where the core asks for anything but what was recorded or answers otherwise, and
 * what a trap throws.
 */
export function replay(core: Core, transcript: Transcript): HttpResponse | null {
  const { request, now, seed, replies } = transcript;
  // A fresh instance has no other requests.
  const id = 1;
  const steps = [core.start(id, request, now, seed)];
  for (const reply of replies) steps.push(core.resume(id, reply));
  core.drop(id);
  const again = transcribe({ request, now, seed, replies, steps });
  const length = Math.max(again.effects.length, transcript.effects.length);
  for (let index = 0; index < length; index++) {
    expectSame(`effect ${index + 1}`, transcript.effects[index], again.effects[index]);
  }
  expectSame("the response", transcript.response, again.response);
  return again.response;
}

/** Names the place only: what differs may be a credential. */
function expectSame(what: string, recorded: unknown, replayed: unknown): void {
  if (encode(recorded ?? null) !== encode(replayed ?? null)) {
    throw new Error(`${what} differs from the recorded one`);
  }
}

function encode(value: unknown): string {
  return JSON.stringify(value, (_, member: unknown) =>
    member instanceof Uint8Array ? { $bytes: toBase64url(member) } : member,
  );
}

function toBase64url(bytes: Uint8Array): string {
  const latin1 = Array.from(bytes, (byte) => String.fromCharCode(byte)).join("");
  return btoa(latin1).replaceAll("+", "-").replaceAll("/", "_").replaceAll("=", "");
}

function fromBase64url(text: string): Uint8Array {
  const latin1 = atob(text.replaceAll("-", "+").replaceAll("_", "/"));
  return Uint8Array.from(latin1, (char) => char.charCodeAt(0));
}
