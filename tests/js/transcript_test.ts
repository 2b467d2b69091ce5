/** A transcript goes through JSON and runs again to the byte, with nothing performed. */

import { Driver } from "../../js/drive.ts";
import { fromJson, replay, type Transcript, toJson, transcribe } from "../../js/transcript.ts";
import type { Effect, HttpRequest, Reply } from "../../js/types.ts";
import { ask, chunk, FakeCores, get, ok, plain, put, type Script } from "./fake_core.ts";
import type { Register } from "./runtime.ts";

const BYTES = Uint8Array.from({ length: 256 }, (_, index) => index);
const SIGN: Effect = { kind: "sign", key: "KEY", alg: "ES256", inputs: BYTES, ends: [1, 256] };
const REPLIES: Partial<Record<Effect["kind"], Reply>> = {
  get: { records: [null, { value: "\u2028 ü \u{1f511}", version: "1" }] },
  sign: { signatures: BYTES.slice().reverse() },
  commit: { committed: false },
};

const SCRIPTS: Record<string, Script> = {
  "/whole": function* ({ body }) {
    const replies = [yield* ask(get("k")), yield* ask(SIGN), yield* ask(put("k", "1"))];
    return ok(JSON.stringify([replies, body]));
  },
  "/stream": function* () {
    yield { kind: "head", status: 203, headers: [["x-a", "b"]] };
    for (const text of ["one ", "", "\ufefftwo"]) {
      yield* ask(get(text));
      yield chunk(text);
    }
    return null;
  },
  "/trap": function* () {
    yield* ask(get("k"));
    throw new WebAssembly.RuntimeError("unreachable");
  },
};

/** Serves `path` once; the transcript has been through JSON. */
async function recorded(path: string): Promise<{ transcript: Transcript; body: string }> {
  const written: string[] = [];
  const driver = new Driver({
    fresh: new FakeCores(SCRIPTS).fresh,
    perform: (effect) => REPLIES[effect.kind] ?? "done",
    now: () => 1_234_567,
    seed: () => BYTES.slice(0, 32),
    record: (recording) => written.push(toJson(transcribe(recording))),
  });
  const request: HttpRequest = { ...plain(path), method: "POST", body: { bytes: BYTES } };
  const answer = await driver.open(request);
  const body = await new Response(answer.body).text();
  if (written.length !== 1) throw new Error(`${written.length} transcripts`);
  return { transcript: fromJson(written[0] ?? ""), body };
}

const register: Register = (QUnit) => {
  QUnit.module("transcript", () => {
    QUnit.test("holds what went in and out, bytes as bytes", async (assert) => {
      const { transcript, body } = await recorded("/whole");
      assert.deepEqual(transcript, {
        request: { ...plain("/whole"), method: "POST", body: { bytes: BYTES } },
        now: 1_234_567,
        seed: BYTES.slice(0, 32),
        replies: [REPLIES.get, REPLIES.sign, REPLIES.commit],
        effects: [get("k"), SIGN, put("k", "1")],
        response: ok(body),
      } as Transcript);
    });

    QUnit.test("bytes are written as base64url", async (assert) => {
      const { transcript } = await recorded("/whole");
      const { seed } = JSON.parse(toJson({ ...transcript, seed: new Uint8Array([0xfb, 0xff]) }));
      assert.deepEqual(seed, { $bytes: "-_8" });
    });

    for (const path of ["/whole", "/stream"]) {
      QUnit.test(`${path} runs again to the byte`, async (assert) => {
        const { transcript, body } = await recorded(path);
        const cores = new FakeCores(SCRIPTS);
        const response = replay(cores.fresh(), transcript);
        assert.strictEqual(response?.body, body);
        assert.deepEqual(response, transcript.response);
        const started = { id: 1, request: transcript.request, now: 1_234_567, seed: BYTES.slice(0, 32) };
        assert.deepEqual(cores.made[0]?.started, [started]);
        assert.deepEqual([cores.open, cores.misuses], [0, []]);
      });
    }

    QUnit.test("a streamed answer is put together", async (assert) => {
      const { transcript } = await recorded("/stream");
      assert.deepEqual(transcript.response, { status: 203, headers: [["x-a", "b"]], body: "one \ufefftwo" });
    });

    QUnit.test("a trap has no answer and traps again", async (assert) => {
      const { transcript } = await recorded("/trap");
      assert.strictEqual(transcript.response, null);
      assert.deepEqual(transcript.effects, [get("k")]);
      assert.throws(() => replay(new FakeCores(SCRIPTS).fresh(), transcript), /unreachable/);
    });

    QUnit.test("whatever differs is named by its place and not shown", async (assert) => {
      const { transcript } = await recorded("/whole");
      const [read, sign, write] = transcript.effects as [Effect, Effect, Effect];
      const cases: [Partial<Transcript>, string][] = [
        [{ effects: [get("other"), sign, write] }, "effect 1"],
        [{ effects: [read, { ...SIGN, inputs: BYTES.slice(1) }, write] }, "effect 2"],
        [{ effects: [read, { ...SIGN, ends: [2, 256] }, write] }, "effect 2"],
        [{ effects: [read, sign] }, "effect 3"],
        [{ effects: [read, sign, write, read] }, "effect 4"],
        [{ response: ok("other") }, "the response"],
        [{ response: null }, "the response"],
        [{ replies: transcript.replies.slice(0, 2) }, "the response"],
      ];
      for (const [change, what] of cases) {
        const run = () => replay(new FakeCores(SCRIPTS).fresh(), { ...transcript, ...change });
        assert.throws(run, new RegExp(`^Error: ${what} differs from the recorded one$`), what);
      }
    });
  });
};

export default register;
