// The Node listener under what the demo never does: streamed answers, and answers that fail.

import { createServer, request } from "node:http";
import { connect } from "node:net";
import { listener } from "../../../dist/load/node.js";

const UTF8 = new TextEncoder();
const HEADERS = [["content-type", "text/plain"]];
const MIB = 1024 * 1024;

/** Serves `answer` on a free port while `use(origin)` runs. */
async function serving(answer, use) {
  const server = createServer(listener({ bodyLimit: () => 10, answer }));
  await new Promise((resolve) => server.listen(0, "127.0.0.1", resolve));
  try {
    await use(`http://127.0.0.1:${server.address().port}`);
  } finally {
    server.closeAllConnections();
    await new Promise((resolve) => server.close(resolve));
  }
}

/** An answer of chunks, the last of which may be an error. */
function stream(chunks, cancel = () => {}) {
  const left = [...chunks];
  const pull = (controller) => {
    const next = left.shift();
    if (next === undefined) controller.close();
    else if (next instanceof Error) controller.error(next);
    else controller.enqueue(UTF8.encode(next));
  };
  return { status: 200, headers: HEADERS, body: new ReadableStream({ pull, cancel }, { highWaterMark: 0 }) };
}

/** Declares a body of `length`, and sends it once it has been answered: the answer, and whether all could be sent. */
function sendOn(origin, length) {
  const { hostname, port } = new URL(origin);
  const socket = connect(Number(port), hostname);
  let text = "";
  let whole = false;
  socket.write(`POST / HTTP/1.1\r\nhost: ${hostname}\r\ncontent-length: ${length}\r\n\r\n`);
  socket.on("data", (part) => {
    if (text === "") socket.write(Buffer.alloc(length, "x"), (error) => (whole = !error));
    text += part;
  });
  return new Promise((resolve) => {
    // That it was reset shows in what was sent.
    socket.on("error", () => {});
    socket.on("close", () => resolve({ text, whole }));
  });
}

export function nodeListener({ test }) {
  test("the service is given the headers that the core reads, both of two, and never that it is the operator", async (assert) => {
    const seen = [];
    const answer = async (request) => {
      seen.push(request);
      return { status: 200, headers: HEADERS, body: "" };
    };
    const sent = {
      Authorization: "Basic YTpi",
      "X-API-Key": ["one", "two"],
      "X-Other": "x",
      Operator: "true",
    };
    await serving(answer, async (origin) => {
      await new Promise((resolve, reject) => {
        request(origin, { headers: sent }, (response) => response.resume().once("end", resolve))
          .once("error", reject)
          .end();
      });
    });
    const headers = { authorization: "Basic YTpi", "x-api-key": "one, two" };
    const body = { bytes: new Uint8Array(0) };
    assert.deepEqual(seen, [{ method: "GET", path: "/", query: "", headers, body }]);
  });

  test("a streamed answer arrives whole and in its order", async (assert) => {
    // More than a socket takes at once, so that the writer must wait.
    const chunks = Array.from({ length: 64 }, (_, i) => `${i}:`.padEnd(65_536, "x"));
    await serving(
      async () => stream(chunks),
      async (origin) => {
        const response = await fetch(origin);
        assert.strictEqual(response.headers.get("content-type"), "text/plain");
        assert.true((await response.text()) === chunks.join(""));
      },
    );
  });

  test("a stream that fails ends its connection and no other", async (assert) => {
    const answers = [stream(["one", new Error("lost")]), stream(["two"])];
    await serving(
      async () => answers.shift(),
      async (origin) => {
        await assert.rejects(fetch(origin).then((response) => response.text()));
        assert.strictEqual(await (await fetch(origin)).text(), "two");
      },
    );
  });

  test("a client that goes away ends the stream", async (assert) => {
    let gone;
    const cancelled = new Promise((resolve) => {
      gone = resolve;
    });
    const endless = Array.from({ length: 10_000 }, () => "x".repeat(65_536));
    await serving(
      async () => stream(endless, gone),
      async (origin) => {
        const abort = new AbortController();
        const { body } = await fetch(origin, { signal: abort.signal });
        await body.getReader().read();
        abort.abort();
        await cancelled;
        assert.true(true, "cancelled");
      },
    );
  });

  test("HEAD of a streamed answer has no content, and ends the stream", async (assert) => {
    let cancelled = 0;
    await serving(
      async () => stream(["one"], () => cancelled++),
      async (origin) => {
        assert.strictEqual(await (await fetch(origin, { method: "HEAD" })).text(), "");
        assert.strictEqual(cancelled, 1);
      },
    );
  });

  for (const [name, sent, whole] of [
    ["is heard out, not reset", 12 * MIB, true],
    ["is cut off where it does not cease", 64 * MIB, false],
  ]) {
    test(`a client that sends on after it was told that its body is too long ${name}`, async (assert) => {
      const bodies = [];
      const answer = async ({ body }) => {
        bodies.push(body);
        return { status: 413, headers: HEADERS, body: "too long" };
      };
      await serving(answer, async (origin) => {
        const told = await sendOn(origin, sent);
        assert.true(
          /^HTTP\/1.1 413 .*\r\nconnection: close\r\n.*\r\n\r\ntoo long$/is.test(told.text),
          told.text,
        );
        assert.strictEqual(told.whole, whole, "whether all was taken");
      });
      assert.deepEqual(bodies, ["over_limit"]);
    });
  }

  test("a service that breaks its promise not to reject is a 500", async (assert) => {
    await serving(
      () => Promise.reject(new Error("broken")),
      async (origin) => assert.strictEqual((await fetch(origin)).status, 500),
    );
  });
}
