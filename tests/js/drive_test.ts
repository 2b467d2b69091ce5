/** The driver against a scripted core: what happens to whom when an instance is lost. */

import { Driver, type DriverOptions, type Recording, type TrapInfo } from "../../js/drive.ts";
import type { Answer, Effect, HttpResponse, Reply } from "../../js/types.ts";
import { ask, chunk, FakeCores, get, ok, plain, put, type Sabotage, type Script } from "./fake_core.ts";
import { Park } from "./park.ts";
import type { Register } from "./runtime.ts";

const OTHERS = 20;

/** What the scripted requests do; a path is a script. */
const SCRIPTS: Record<string, Script> = {
  "/plain": function* () {
    yield* [];
    return ok("plain");
  },
  // Reads, commits, and answers with what it was told.
  "/commit": function* ({ query }) {
    const read = yield* ask(get(query));
    const written = yield* ask(put(query, "1"));
    return ok(JSON.stringify([query, read, written]));
  },
  "/trap": function* ({ query }) {
    yield* ask(get(query));
    throw new WebAssembly.RuntimeError("unreachable");
  },
  "/trap-at-once": function* () {
    yield* [];
    throw new WebAssembly.RuntimeError("unreachable");
  },
  // Well on the first instance; traps when it is replayed.
  "/fragile": function* ({ query }, { number }) {
    yield* ask(get(query));
    if (number > 1) throw new WebAssembly.RuntimeError("again");
    yield* ask(put(query, "1"));
    return ok("fragile");
  },
  // Asks for something else when it is replayed.
  "/moody": function* ({ query }, { number }) {
    yield* ask(get(query));
    yield* ask(put(number > 1 ? "elsewhere" : query, "1"));
    return ok("moody");
  },
  "/stream": function* ({ query }) {
    yield { kind: "head", status: 200, headers: [["content-type", "text/plain"]] };
    for (let index = 0; index < 4; index++) {
      yield* ask(get(query));
      yield chunk(`chunk ${index}\n`);
    }
    return null;
  },
  "/chunks": function* () {
    yield { kind: "head", status: 200, headers: [] };
    yield chunk("chunk 0\n");
    yield chunk("chunk 1\n");
    return null;
  },
  "/stream-trap": function* () {
    yield { kind: "head", status: 200, headers: [] };
    yield chunk("chunk 0\n");
    throw new WebAssembly.RuntimeError("unreachable");
  },
  "/notify": function* ({ query }) {
    yield* ask({
      kind: "notify",
      method: "POST",
      url: "https://client.example/ping",
      headers: [],
      body: query,
      timeout_ms: 1000,
      max_bytes: 0,
    });
    yield* ask(get(query));
    return ok("notified");
  },
  "/no-answer": function* () {
    yield* [];
    return null;
  },
  "/chunk-first": function* () {
    yield chunk("too early");
    return null;
  },
};

/** A driver over fake cores; commits and the reads of streams wait in `park`. */
function rig(sabotage?: Sabotage, options: Partial<DriverOptions> = {}) {
  const cores = new FakeCores(SCRIPTS, sabotage);
  const performed: Effect[] = [];
  const traps: TrapInfo[] = [];
  const park = new Park();
  let version = 0;
  const perform = async (effect: Effect): Promise<Reply> => {
    performed.push(effect);
    if (effect.kind !== "commit") return { records: [{ value: "v", version: String(++version) }] };
    await park.wait();
    return { committed: true };
  };
  const fresh = cores.fresh;
  const onTrap = (info: TrapInfo) => traps.push(info);
  const driver = new Driver({ fresh, perform, now: () => 1_000, onTrap, ...options });
  const commits = () => performed.flatMap((effect) => (effect.kind === "commit" ? effect.set[0]?.key : []));
  return { cores, driver, performed, traps, park, commits };
}

/** Opens the same path many times, each with a query of its own. */
function openMany(driver: Driver, path: string, count: number): Promise<Answer>[] {
  return Array.from({ length: count }, (_, index) => driver.open({ ...plain(path), query: `k/${index}` }));
}

const keys = (count: number) => Array.from({ length: count }, (_, index) => `k/${index}`);

function errorOf(answer: Answer): unknown {
  return [answer.status, JSON.parse(answer.body as string).error];
}

function reader(answer: Answer): () => Promise<string | undefined> {
  const chunks = (answer.body as ReadableStream<Uint8Array>).getReader();
  return async () => {
    const { value } = await chunks.read();
    return value && new TextDecoder().decode(value);
  };
}

const register: Register = (QUnit) => {
  QUnit.module("drive", () => {
    QUnit.test("a request is its inputs, and is dropped once it is answered", async (assert) => {
      const { cores, driver } = rig();
      assert.deepEqual(await driver.open(plain("/plain")), ok("plain"));
      const [core] = cores.made;
      assert.deepEqual(core?.started, [
        { id: 1, request: plain("/plain"), now: 1_000, seed: new Uint8Array(32).fill(7) },
      ]);
      assert.strictEqual(cores.open, 0);
      assert.deepEqual(cores.misuses, []);
    });

    QUnit.test("effects are performed one after the other and each reply goes back", async (assert) => {
      const { cores, driver, performed, park } = rig();
      const answer = driver.open({ ...plain("/commit"), query: "k/0" });
      await park.holds(1);
      park.release();
      const replies = [{ records: [{ value: "v", version: "1" }] }, { committed: true }];
      assert.deepEqual(await answer, ok(JSON.stringify(["k/0", ...replies])));
      assert.deepEqual(performed, [get("k/0"), put("k/0", "1")]);
      assert.strictEqual(cores.open, 0);
    });

    QUnit.test("a trap fails one request; twenty others in mid commit do not notice", async (assert) => {
      const { cores, driver, performed, park, commits, traps } = rig();
      const others = openMany(driver, "/commit", OTHERS);
      await park.holds(OTHERS);
      const trapped = await driver.open(plain("/trap"));
      assert.deepEqual(errorOf(trapped), [500, "server_error"]);
      assert.deepEqual(trapped.headers[1], ["cache-control", "no-store"]);
      assert.strictEqual(cores.made.length, 2);
      park.release();
      const answers = await Promise.all(others);
      assert.deepEqual(
        answers.map(({ status, body }) => [status, JSON.parse(body as string)[0]]),
        keys(OTHERS).map((key) => [200, key]),
      );
      assert.deepEqual(commits(), keys(OTHERS));
      assert.strictEqual(performed.length, 2 * OTHERS + 1, "no effect twice");
      const [info] = traps;
      assert.deepEqual([traps.length, info?.path, info?.replayed, info?.failed], [1, "/trap", OTHERS, 1]);
      assert.strictEqual(cores.open, 0);
      assert.deepEqual(cores.misuses, []);
    });

    for (const [name, path, failed] of [
      ["start", "/plain", true],
      ["draw_seed", "/plain", true],
      ["body_limit", "/plain", true],
      ["drop", "/plain", false],
    ] as const) {
      QUnit.test(`a trap in ${name} replaces the instance`, async (assert) => {
        const sabotage: Sabotage = (called, core) => {
          if (called === name && core.number === 1 && core.open.size >= 1 - Number(called === "drop")) {
            throw new RangeError("out of bounds");
          }
        };
        const { cores, driver, park, commits, traps } = rig(sabotage);
        const [other] = openMany(driver, "/commit", 1);
        await park.holds(1);
        if (name === "body_limit") assert.throws(() => driver.bodyLimit(path), /out of bounds/);
        else assert.strictEqual((await driver.open(plain(path))).status, failed ? 500 : 200);
        park.release();
        assert.strictEqual((await other)?.status, 200);
        assert.deepEqual([commits(), cores.made.length, traps.length], [["k/0"], 2, 1]);
        assert.deepEqual([cores.open, cores.misuses], [0, []]);
      });
    }

    for (const path of ["/fragile", "/moody"]) {
      QUnit.test(`${path}: what cannot be replayed fails, and the rest goes on`, async (assert) => {
        const { cores, driver, park, traps } = rig();
        const others = [...openMany(driver, "/commit", 2), ...openMany(driver, path, 3)];
        others.push(...openMany(driver, "/commit", 2));
        await park.holds(7);
        assert.strictEqual((await driver.open(plain("/trap-at-once"))).status, 500);
        park.release();
        const statuses = (await Promise.all(others)).map(({ status }) => status);
        assert.deepEqual(statuses, [200, 200, 500, 500, 500, 200, 200]);
        assert.strictEqual(cores.made.length, 5, "a fresh instance for each round");
        assert.deepEqual([traps[0]?.replayed, traps[0]?.failed, traps.length], [4, 4, 1]);
        assert.deepEqual([cores.open, cores.misuses], [0, []]);
      });
    }

    QUnit.test("where no instance can be made all fail, and a later request tries again", async (assert) => {
      let broken = false;
      const cores = new FakeCores(SCRIPTS);
      const fresh = () => {
        if (broken) throw new RangeError("could not allocate memory");
        return cores.fresh();
      };
      const { driver, park, traps } = rig(undefined, { fresh });
      const others = openMany(driver, "/commit", 3);
      await park.holds(3);
      broken = true;
      assert.strictEqual((await driver.open(plain("/trap"))).status, 500);
      assert.strictEqual((await driver.open(plain("/plain"))).status, 500, "still none");
      broken = false;
      assert.deepEqual(await driver.open(plain("/plain")), ok("plain"));
      park.release();
      const statuses = (await Promise.all(others)).map(({ status }) => status);
      assert.deepEqual(statuses, [500, 500, 500]);
      assert.deepEqual([traps[0]?.replayed, traps[0]?.failed, cores.made.length], [0, 4, 2]);
      assert.deepEqual([cores.open, cores.misuses], [0, []]);
    });

    QUnit.test("a streamed answer is made as fast as it is read", async (assert) => {
      const { cores, driver, performed } = rig();
      const answer = await driver.open(plain("/stream"));
      assert.deepEqual([answer.status, answer.headers], [200, [["content-type", "text/plain"]]]);
      const read = reader(answer);
      assert.strictEqual(performed.length, 0, "nothing before the first read");
      for (let index = 0; index < 4; index++) {
        assert.strictEqual(await read(), `chunk ${index}\n`);
        assert.strictEqual(performed.length, index + 1);
      }
      assert.strictEqual(cores.open, 1);
      assert.strictEqual(await read(), undefined);
      assert.deepEqual([cores.open, cores.misuses], [0, []]);
    });

    QUnit.test("a trap elsewhere does not repeat a chunk that was sent", async (assert) => {
      const { cores, driver, performed } = rig();
      const answers = await Promise.all(openMany(driver, "/stream", OTHERS));
      const reads = answers.map(reader);
      // Stream n has sent n % 5 chunks when the instance is lost.
      const texts = await Promise.all(reads.map((read, index) => take(read, index % 5)));
      assert.strictEqual((await driver.open(plain("/trap-at-once"))).status, 500);
      const rests = await Promise.all(reads.map((read) => take(read, 5)));
      for (const [index, text] of texts.entries()) {
        assert.strictEqual(text + rests[index], "chunk 0\nchunk 1\nchunk 2\nchunk 3\n");
      }
      assert.strictEqual(performed.length, 4 * OTHERS, "no effect twice");
      assert.deepEqual([cores.made.length, cores.open, cores.misuses], [2, 0, []]);
    });

    QUnit.test("others have their turn while a streamed answer takes long to compute", async (assert) => {
      let now = 0;
      let took = 0;
      const work = () => {
        now += took;
      };
      const { driver } = rig(work, { now: () => now });
      for (const [milliseconds, waits] of [
        [1, false],
        [20, true],
      ] as const) {
        const read = reader(await driver.open(plain("/chunks")));
        took = milliseconds;
        let turns = 0;
        const timer = setTimeout(() => turns++);
        assert.strictEqual(await take(read, 3), "chunk 0\nchunk 1\n");
        clearTimeout(timer);
        assert.strictEqual(turns > 0, waits, `${milliseconds} ms`);
        took = 0;
      }
    });

    QUnit.test("a trap in a stream ends it with an error", async (assert) => {
      const { cores, driver, park } = rig();
      const [other] = openMany(driver, "/commit", 1);
      await park.holds(1);
      const read = reader(await driver.open(plain("/stream-trap")));
      assert.strictEqual(await read(), "chunk 0\n");
      await assert.rejects(read(), /server_error/);
      park.release();
      assert.strictEqual((await other)?.status, 200);
      assert.deepEqual([cores.made.length, cores.open, cores.misuses], [2, 0, []]);
    });

    QUnit.test(
      "a reader that goes away, even in the middle of an effect, ends the request",
      async (assert) => {
        const park = new Park();
        const perform = async (): Promise<Reply> => {
          await park.wait();
          return { records: [null] };
        };
        const { cores, driver } = rig(undefined, { perform });
        const bodies = (await Promise.all(openMany(driver, "/stream", 2))).map(({ body }) =>
          (body as ReadableStream<Uint8Array>).getReader(),
        );
        assert.strictEqual(cores.open, 2);
        await bodies[0]?.cancel();
        assert.strictEqual(cores.open, 1);
        const pending = bodies[1]?.read();
        await park.holds(1);
        await bodies[1]?.cancel();
        assert.strictEqual(cores.open, 0);
        park.release();
        assert.strictEqual((await pending)?.done, true);
        await driver.open(plain("/plain"));
        assert.deepEqual([cores.made.length, cores.misuses], [1, []]);
      },
    );

    QUnit.test("a notification waits until its request has ended, and survives a trap", async (assert) => {
      const park = new Park();
      const order: string[] = [];
      const perform = async (effect: Effect): Promise<Reply> => {
        order.push(effect.kind);
        if (effect.kind === "get") await park.wait();
        return effect.kind === "get" ? { records: [null] } : "done";
      };
      const { driver } = rig(undefined, { perform });
      const answer = driver.open(plain("/notify"));
      await park.holds(1);
      await driver.open(plain("/trap-at-once"));
      assert.deepEqual(order, ["get"]);
      park.release();
      assert.strictEqual((await answer).status, 200);
      assert.deepEqual(order, ["get", "notify"]);
    });

    QUnit.test(
      "the answer waits until its notification is kept, and for no failure of that",
      async (assert) => {
        for (const fails of [false, true]) {
          const park = new Park();
          const order: string[] = [];
          const perform = async (effect: Effect): Promise<Reply> => {
            if (effect.kind === "get") return { records: [null] };
            await park.wait();
            order.push(effect.kind);
            if (fails) throw new Error("down");
            return "done";
          };
          const { driver } = rig(undefined, { perform });
          const answer = driver.open(plain("/notify")).then(({ status }) => order.push(String(status)));
          await park.holds(1);
          assert.deepEqual(order, []);
          park.release();
          await answer;
          assert.deepEqual(order, ["notify", "200"]);
        }
      },
    );

    for (const path of ["/no-answer", "/chunk-first"]) {
      QUnit.test(`${path}: a core that breaks the protocol is a server_error`, async (assert) => {
        const { cores, driver } = rig();
        assert.deepEqual(errorOf(await driver.open(plain(path))), [500, "server_error"]);
        assert.deepEqual([cores.made.length, cores.open, cores.misuses], [1, 0, []]);
      });
    }

    QUnit.test("a host that fails the driver fails one request and no instance", async (assert) => {
      const failing = {
        perform: () => Promise.reject(new Error("against the rules")),
        seed: () => {
          throw new Error("no entropy");
        },
        now: () => {
          throw new Error("no clock");
        },
      };
      for (const name of ["perform", "seed", "now"] as const) {
        const { cores, driver } = rig(undefined, { [name]: failing[name] });
        assert.strictEqual((await driver.open(plain("/commit"))).status, 500, name);
        assert.deepEqual([cores.open, cores.misuses, cores.made.length <= 1], [0, [], true], name);
      }
    });

    QUnit.test("observers that throw or reject change nothing", async (assert) => {
      const rejecting = () => Promise.reject(new Error("observer"));
      const throwing = () => {
        throw new Error("observer");
      };
      for (const observer of [rejecting as () => void, throwing]) {
        const { driver, park } = rig(undefined, { onTrap: observer, record: observer });
        const [other] = openMany(driver, "/commit", 1);
        await park.holds(1);
        assert.strictEqual((await driver.open(plain("/trap"))).status, 500);
        park.release();
        assert.strictEqual((await other)?.status, 200);
      }
    });

    QUnit.test(
      "an observer may send a request of its own, even while an instance is replaced",
      async (assert) => {
        const nested: Promise<Answer>[] = [];
        const record = ({ request }: Recording) => {
          if (request.path !== "/plain") nested.push(driver.open(plain("/plain")));
        };
        const { cores, driver, park } = rig(undefined, { record });
        const others = [...openMany(driver, "/commit", 2), ...openMany(driver, "/fragile", 1)];
        await park.holds(3);
        assert.strictEqual((await driver.open(plain("/trap"))).status, 500);
        park.release();
        const statuses = (await Promise.all(others)).map(({ status }) => status);
        assert.deepEqual(statuses, [200, 200, 500]);
        assert.deepEqual(
          (await Promise.all(nested)).map(({ status }) => status),
          [200, 200, 200, 200],
        );
        assert.deepEqual([cores.made.length, cores.open, cores.misuses], [3, 0, []]);
      },
    );

    QUnit.test(
      "a request that its runtime abandoned is dropped after a quarter of an hour",
      async (assert) => {
        let now = 0;
        const { cores, driver, park } = rig(undefined, { now: () => now });
        const abandoned = driver.open(plain("/commit"));
        await park.holds(1);
        now = 15 * 60_000 - 1;
        const young = driver.open(plain("/commit"));
        await park.holds(2);
        assert.strictEqual(cores.open, 2);
        now += 1;
        await driver.open(plain("/plain"));
        assert.strictEqual(cores.open, 1);
        park.release();
        assert.deepEqual([(await abandoned).status, (await young).status], [500, 200]);
        assert.deepEqual([cores.open, cores.misuses], [0, []]);
      },
    );

    QUnit.test("a recording holds every step and every reply, over a trap too", async (assert) => {
      const recordings: Recording[] = [];
      const record = (recording: Recording) => recordings.push(recording);
      const seed = () => new Uint8Array(32).fill(9);
      const { driver, park } = rig(undefined, { record, seed });
      const [other] = openMany(driver, "/commit", 1);
      await park.holds(1);
      await driver.open(plain("/trap"));
      park.release();
      const answer = (await other) as HttpResponse;
      const [trapped, committed] = recordings;
      const read = (version: string): Reply => ({ records: [{ value: "v", version }] });
      assert.deepEqual(trapped?.steps, [{ kind: "effect", effect: get("") }]);
      assert.deepEqual(trapped?.replies, [read("2")]);
      assert.deepEqual(committed?.replies, [read("1"), { committed: true }]);
      assert.deepEqual(committed?.steps, [
        { kind: "effect", effect: get("k/0") },
        { kind: "effect", effect: put("k/0", "1") },
        { kind: "done", response: answer },
      ]);
      assert.deepEqual([committed?.now, committed?.seed], [1_000, seed()]);
    });
  });
};

/** Reads at most `count` chunks. */
async function take(read: () => Promise<string | undefined>, count: number): Promise<string> {
  let text = "";
  for (let index = 0; index < count; index++) text += (await read()) ?? "";
  return text;
}

export default register;
