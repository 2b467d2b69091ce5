/** What the core sees of a `Request`, and what a client sees of the core's answer. */

import { Driver } from "../../js/drive.ts";
import { handle } from "../../js/http.ts";
import type { HttpRequest, HttpResponse } from "../../js/types.ts";
import { chunk, FakeCores, ok, type Sabotage, type Script } from "./fake_core.ts";
import type { Register } from "./runtime.ts";

const BASE = "https://issuer.example";
/** What the fake core allows, bytes. */
const LIMIT = 16;

/** A handler that answers every path with `answer` and keeps what the core saw. */
function rig(answer: HttpResponse | null = ok("answer"), sabotage?: Sabotage) {
  const seen: HttpRequest[] = [];
  const script: Script = function* (request) {
    seen.push(request);
    if (answer !== null) return answer;
    yield { kind: "head", status: 200, headers: [["content-type", "text/plain"]] };
    yield chunk("streamed");
    return null;
  };
  const cores = new FakeCores(new Proxy({}, { get: () => script }), sabotage);
  const perform = () => "done" as const;
  const driver = new Driver({ fresh: cores.fresh, perform, now: () => 0 });
  return { cores, seen, send: (request: Request) => handle(driver, request) };
}

/** A POST whose body comes in parts; a part that is an error ends it with that. */
function post(parts: (string | Error)[], headers: Record<string, string> = {}) {
  let cancelled = false;
  let pulled = 0;
  const body = new ReadableStream<Uint8Array>(
    {
      pull(controller) {
        const part = parts[pulled++];
        if (part instanceof Error) controller.error(part);
        else if (part === undefined) controller.close();
        else controller.enqueue(new TextEncoder().encode(part));
      },
      cancel() {
        cancelled = true;
      },
    },
    { highWaterMark: 0 },
  );
  const init = { method: "POST", body, duplex: "half" };
  const request = new Request(`${BASE}/token`, init);
  // A browser lets no script set `content-length` on a request.
  Object.defineProperty(request, "headers", { value: new Headers(headers) });
  return { request, state: () => ({ cancelled, pulled }) };
}

function text(request: HttpRequest | undefined): string | undefined {
  return request?.body === "over_limit" ? "over_limit" : new TextDecoder().decode(request?.body.bytes);
}

async function errorOf(response: Response): Promise<unknown> {
  return JSON.parse(await response.text()).error;
}

const register: Register = (QUnit) => {
  QUnit.module("http", () => {
    QUnit.test("the core sees method, path, query and three header fields", async (assert) => {
      const { seen, send } = rig();
      const headers = {
        Authorization: "Basic YTpi",
        "Content-Type": "application/json",
        "X-API-Key": "key",
        "X-Other": "x",
      };
      await send(new Request(`${BASE}/a/token?x=%20&x=2`, { method: "POST", headers, body: "{}" }));
      const bytes = new TextEncoder().encode("{}");
      assert.deepEqual(seen, [
        {
          method: "POST",
          path: "/a/token",
          query: "x=%20&x=2",
          headers: { authorization: "Basic YTpi", "content-type": "application/json", "x-api-key": "key" },
          body: { bytes },
        },
      ]);
    });

    QUnit.test("absent is left out", async (assert) => {
      const { seen, send } = rig();
      await send(new Request(BASE));
      const body = { bytes: new Uint8Array(0) };
      assert.deepEqual(seen, [{ method: "GET", path: "/", query: "", headers: {}, body }]);
      await send(new Request(BASE, { method: "POST" }));
      assert.deepEqual(seen[1]?.body, body);
    });

    QUnit.test("the path is the one that URL parsing gives", async (assert) => {
      const { seen, send } = rig();
      const paths = [
        ["/a/../b", "/b"],
        ["/a/%2e%2E/b", "/b"],
        ["/a/%2f/b", "/a/%2f/b"],
        ["//a//b/", "//a//b/"],
        ["/a;b\\c", "/a;b/c"],
        ["/ü?q#f", "/%C3%BC"],
      ];
      for (const [given] of paths) await send(new Request(BASE + given));
      assert.deepEqual(
        seen.map(({ path }) => path),
        paths.map(([, expected]) => expected ?? ""),
      );
    });

    const full = "x".repeat(LIMIT);
    const bodies: [string, (string | Error)[], Record<string, string>, string, boolean][] = [
      ["to the limit, declared", [full], { "content-length": "16" }, full, false],
      ["to the limit, counted", ["x".repeat(15), "x"], {}, full, false],
      ["declared too long", ["x", "y"], { "content-length": "17" }, "over_limit", true],
      ["declared absurdly long", ["x"], { "content-length": "9".repeat(400) }, "over_limit", true],
      ["counted too long", [full, "x", "never"], {}, "over_limit", true],
      ["longer than declared", [full, "x"], { "content-length": "3" }, "over_limit", false],
      [
        "declared and chunked",
        [full, "x", "never"],
        {
          "content-length": "3",
          "transfer-encoding": "chunked",
        },
        "over_limit",
        true,
      ],
      ["declared in words", [full], { "content-length": "some" }, full, false],
      ["empty, counted", [], {}, "", false],
    ];
    for (const [name, parts, headers, expected, cancelled] of bodies) {
      QUnit.test(`a body ${name}`, async (assert) => {
        const { seen, send } = rig();
        const { request, state } = post(parts, headers);
        assert.strictEqual((await send(request)).status, 200);
        assert.strictEqual(text(seen[0]), expected);
        assert.strictEqual(state().cancelled, cancelled, "cancelled");
        assert.true(!parts.includes("never") || state().pulled < parts.length, "not read on");
      });
    }

    for (const headers of [{}, { "content-length": "9" }]) {
      QUnit.test(`a body that breaks off ${JSON.stringify(headers)}`, async (assert) => {
        const { seen, send } = rig();
        const response = await send(post(["x", new Error("connection lost")], headers).request);
        assert.strictEqual(response.status, 400);
        assert.strictEqual(await errorOf(response), "invalid_request");
        assert.strictEqual(response.headers.get("cache-control"), "no-store");
        assert.deepEqual(seen, []);
      });
    }

    QUnit.test("the answer is status, headers and body", async (assert) => {
      const headers: [string, string][] = [
        ["content-type", "application/json"],
        ["vary", "origin"],
        ["vary", "accept"],
      ];
      const { send } = rig({ status: 418, headers, body: "{}" });
      const response = await send(new Request(BASE));
      assert.strictEqual(response.status, 418);
      assert.strictEqual(response.headers.get("content-type"), "application/json");
      assert.strictEqual(response.headers.get("vary"), "origin, accept");
      assert.strictEqual(await response.text(), "{}");
    });

    for (const status of [200, 204, 304]) {
      QUnit.test(`an empty answer ${status} has no body`, async (assert) => {
        const { send } = rig({ status, headers: [], body: "" });
        const response = await send(new Request(BASE));
        assert.deepEqual([response.status, response.body], [status, null]);
      });
    }

    QUnit.test("HEAD has the headers alone", async (assert) => {
      for (const answer of [ok("answer"), null]) {
        const { cores, seen, send } = rig(answer);
        const response = await send(new Request(BASE, { method: "HEAD" }));
        assert.deepEqual([response.status, response.body], [200, null]);
        assert.strictEqual(response.headers.get("content-type"), "text/plain");
        assert.deepEqual([seen[0]?.method, cores.open, cores.misuses], ["HEAD", 0, []]);
      }
    });

    QUnit.test("a stream is sent on", async (assert) => {
      const { cores, send } = rig(null);
      const response = await send(new Request(BASE));
      assert.strictEqual(await response.text(), "streamed");
      assert.strictEqual(cores.open, 0);
    });

    QUnit.test("a trap on the way in is a server_error", async (assert) => {
      const sabotage: Sabotage = (name, core) => {
        if (name === "body_limit" && core.number === 1) throw new WebAssembly.RuntimeError("unreachable");
      };
      const { cores, seen, send } = rig(ok("answer"), sabotage);
      const response = await send(new Request(BASE, { method: "POST", body: "x" }));
      assert.deepEqual([response.status, await errorOf(response)], [500, "server_error"]);
      assert.deepEqual(seen, []);
      assert.strictEqual((await send(new Request(BASE, { method: "POST", body: "x" }))).status, 200);
      assert.strictEqual(cores.made.length, 2);
    });
  });
};

export default register;
