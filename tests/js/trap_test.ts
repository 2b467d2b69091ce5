/** The real core, made to trap on purpose: who is hurt, and that nothing happens twice. */

import { createEdgegrant, type Edgegrant, type EdgegrantOptions } from "../../js/index.ts";
import { memory } from "../../js/store/memory.ts";
import { fromJson, replay, toJson } from "../../js/transcript.ts";
import type { Commit, Core, CoreFactory, Store } from "../../js/types.ts";
import { Park } from "./park.ts";
import type { Register } from "./runtime.ts";

const ORIGIN = "https://issuer.example";
const CONFIG = JSON.stringify({
  origin: ORIGIN,
  issuers: [{ path: "/", keys: [{ alg: "ES256", private_key: { env: "KEY" } }] }],
});
const OTHERS = 20;
const FAULTS = ["panic", "overflow", "memory"];
const NUMBERS = Array.from({ length: OTHERS }, (_, index) => index);

/** A deployment on a store that counts, and lets every commit wait for the test. */
async function deploy(core: CoreFactory, change: Partial<EdgegrantOptions> = {}) {
  const KEY = core().generate_key("ES256");
  const park = new Park();
  const inner = memory();
  const commits: string[] = [];
  let reads = 0;
  const state: Store = {
    ...inner,
    get: (keys) => {
      reads += 1;
      return inner.get(keys);
    },
    commit: async (commit: Commit) => {
      commits.push(commit.set.map(({ key }) => key).join());
      await park.wait();
      return inner.commit(commit);
    },
  };
  let made = 0;
  const counted = () => {
    made += 1;
    return core();
  };
  const options = { config: CONFIG, env: { KEY }, core: counted, state, registry: memory(), ...change };
  const edgegrant = await createEdgegrant(options);
  const configured = (): Core => {
    const fresh = core();
    const { d: _secret, ...half } = JSON.parse(KEY ?? "");
    const outcome = fresh.configure(
      CONFIG,
      { KEY: JSON.stringify(half) },
      {
        audit: options.hooks?.record !== undefined,
        subject: options.hooks?.subject !== undefined,
        identify: options.hooks?.identify !== undefined,
        notify_user: options.hooks?.notifyUser !== undefined,
      },
    );
    if ("mistakes" in outcome) throw new Error(JSON.stringify(outcome.mistakes));
    return fresh;
  };
  return { edgegrant, park, commits, reads: () => reads, made: () => made, configured };
}

function post(edgegrant: Edgegrant, path: string): Promise<Response> {
  return edgegrant.fetch(new Request(ORIGIN + path, { method: "POST" }));
}

async function take(reader: ReadableStreamDefaultReader<Uint8Array>, count: number): Promise<string> {
  let text = "";
  for (let index = 0; index < count; index++) {
    const { value } = await reader.read();
    if (value !== undefined) text += new TextDecoder().decode(value);
  }
  return text;
}

const register: Register = (QUnit, runtime) => {
  QUnit.module("trap", () => {
    for (const fault of FAULTS) {
      QUnit.test(`${fault}: twenty others in mid commit end as if nothing had happened`, async (assert) => {
        const { edgegrant, park, commits, reads, made } = await deploy(runtime.core());
        const others = NUMBERS.map((id) => post(edgegrant, `/_fault/commit?n=3&id=${id}`));
        await park.holds(OTHERS);
        park.release();
        // In the middle of the second of three.
        await park.holds(OTHERS);
        const before = made();
        const trapped = await post(edgegrant, `/_fault/${fault}?id=trap`);
        assert.strictEqual(trapped.status, 500);
        assert.strictEqual(JSON.parse(await trapped.text()).error, "server_error");
        assert.strictEqual(trapped.headers.get("cache-control"), "no-store");
        assert.strictEqual(made(), before + 1, "one replacement");
        park.release();
        await park.holds(OTHERS);
        park.release();
        const answers = await Promise.all(others);
        assert.deepEqual(
          answers.map(({ status }) => status),
          NUMBERS.map(() => 200),
        );
        assert.deepEqual(
          await Promise.all(answers.map((answer) => answer.text())),
          NUMBERS.map(() => "3"),
        );
        const thrice = [0, 1, 2].flatMap(() => NUMBERS.map((id) => `fault/${id}`));
        assert.deepEqual(commits.toSorted(), thrice.toSorted(), "each commit once");
        assert.strictEqual(reads(), 3 * OTHERS + 1, "each read once");
      });

      QUnit.test(`${fault}: twenty streams go on with the chunk that is next`, async (assert) => {
        const { edgegrant, reads } = await deploy(runtime.core());
        const answers = await Promise.all(
          NUMBERS.map((id) => post(edgegrant, `/_fault/stream?n=4&id=${id}`)),
        );
        const readers = answers.map(({ body }) => (body as ReadableStream<Uint8Array>).getReader());
        // Stream n has sent n % 5 chunks when the instance is lost.
        const begun = await Promise.all(readers.map((reader, index) => take(reader, index % 5)));
        assert.strictEqual((await post(edgegrant, `/_fault/${fault}`)).status, 500);
        const rest = await Promise.all(readers.map((reader) => take(reader, 5)));
        const whole = "chunk 0\nchunk 1\nchunk 2\nchunk 3\n";
        assert.deepEqual(
          begun.map((text, index) => text + rest[index]),
          NUMBERS.map(() => whole),
        );
        assert.strictEqual(reads(), 4 * OTHERS + 1, "each read once");
      });

      QUnit.test(`${fault}: the transcript of a trap traps again`, async (assert) => {
        const written: string[] = [];
        const { edgegrant, configured } = await deploy(runtime.core(), {
          transcript: (transcript) => written.push(toJson(transcript)),
        });
        await post(edgegrant, `/_fault/${fault}`);
        const transcript = fromJson(written[0] ?? "");
        assert.deepEqual([written.length, transcript.response, transcript.effects.length], [1, null, 1]);
        let trap: unknown;
        try {
          replay(configured(), transcript);
        } catch (error) {
          trap = error;
        }
        // A stack overflow is a RangeError, an out of memory a RuntimeError or a RangeError.
        assert.true(trap instanceof WebAssembly.RuntimeError || trap instanceof RangeError, String(trap));
      });
    }

    QUnit.test("one trap after the other leaves a server that serves", async (assert) => {
      const { edgegrant, park, commits } = await deploy(runtime.core());
      const steady = post(edgegrant, "/_fault/commit?id=steady");
      await park.holds(1);
      for (const fault of [...FAULTS, ...Array<string>(OTHERS).fill("panic")]) {
        assert.strictEqual((await post(edgegrant, `/_fault/${fault}`)).status, 500);
      }
      park.release();
      assert.strictEqual(await (await steady).text(), "1");
      assert.deepEqual(commits, ["fault/steady"]);
      assert.strictEqual((await edgegrant.fetch(new Request(`${ORIGIN}/health`))).status, 200);
    });

    QUnit.test("one effect of every kind, and its transcript runs again to the byte", async (assert) => {
      const sent: string[] = [];
      const events: unknown[] = [];
      const asked: unknown[] = [];
      const written: string[] = [];
      const after: Promise<unknown>[] = [];
      const { edgegrant, park, commits, configured } = await deploy(runtime.core(), {
        fetch: async (url, init) => {
          sent.push(`${init?.method} ${url} ${init?.body ?? ""}`);
          return new Response("fetched", { status: 203 });
        },
        hooks: {
          record: ({ issuer }) => events.push(issuer),
          subject: async ({ sub }) => ({ active: sub === "fault/all" }),
          identify: ({ hint }) => ({ sub: `who is at ${hint}` }),
          notifyUser: async (request) => asked.push(request.authorization_details),
        },
        transcript: (transcript) => written.push(toJson(transcript)),
      });
      const request = new Request(`${ORIGIN}/_fault/effects?id=all`, { method: "POST" });
      const answering = edgegrant.fetch(request, { waitUntil: (work) => after.push(work) });
      await park.holds(1);
      park.release();
      const answer = await answering;
      const body = await answer.text();
      await Promise.all(after);
      assert.deepEqual(JSON.parse(body), {
        records: 2,
        committed: true,
        entries: 1,
        signatures: 128,
        subject: true,
        identified: "who is at fault/all",
        status: 203,
      });
      assert.deepEqual([commits, events], [["fault/all"], ["fault"]]);
      assert.deepEqual(sent, ["GET http://127.0.0.1/fetch ", "POST http://127.0.0.1/notify body"]);

      assert.deepEqual(asked, [[{ type: "a", amount: { value: 2 ** 64 } }]]);

      const transcript = fromJson(written[0] ?? "");
      const stores = ["get", "commit", "list", "sign", "subject"];
      const kinds = [...stores, "identify", "notify_user", "wait", "fetch", "notify", "record"];
      assert.deepEqual(
        transcript.effects.map(({ kind }) => kind as string),
        kinds,
      );
      const again = replay(configured(), transcript);
      assert.strictEqual(again?.body, body);
      assert.deepEqual([again?.status, sent.length, events.length], [200, 2, 1], "nothing is performed");
    });

    for (const [name, subject, status, answered] of [
      ["knows nobody of this name", () => null, 200, null],
      ["throws", () => Promise.reject(new Error("no connection")), 503, undefined],
      ["answers what is no answer", () => JSON.parse('{"active":"yes"}'), 503, undefined],
    ] as const) {
      QUnit.test(`a hook for subjects that ${name}`, async (assert) => {
        const fetch = async () => new Response("fetched");
        const { edgegrant, park } = await deploy(runtime.core(), { fetch, hooks: { subject } });
        const answering = post(edgegrant, "/_fault/effects");
        await park.holds(1);
        park.release();
        const answer = await answering;
        const { subject: found } = JSON.parse(await answer.text());
        assert.deepEqual([answer.status, found], [status, answered]);
      });
    }
  });
};

export default register;
