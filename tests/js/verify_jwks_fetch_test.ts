/** Fetching a JWK Set: from where, and what is no answer. */

import { JwksUnavailable } from "../../js/verify/jwks.ts";
import type { Register } from "./runtime.ts";
import { type Answer, answer, down, rig, URI } from "./verify_jwks_rig.ts";

/** A body of `chunk` without end. */
function endless(chunk: string, state: { pulled: number; cancelled: boolean }): ReadableStream<Uint8Array> {
  return new ReadableStream({
    pull(controller) {
      state.pulled++;
      controller.enqueue(new TextEncoder().encode(chunk));
    },
    cancel() {
      state.cancelled = true;
    },
  });
}

const register: Register = (QUnit) => {
  QUnit.module("verify jwks: the address", () => {
    const good = [
      URI,
      "https://127.0.0.1/jwks?a=b",
      "http://localhost/jwks",
      "http://a.localhost:8080/jwks",
      "http://127.0.0.1:8080/jwks",
      "http://127.255.0.3/jwks",
      "http://[::1]:8080/jwks",
    ];
    for (const jwks_uri of good) {
      QUnit.test(`${jwks_uri} is fetched as it is`, async (assert) => {
        const { source, requests } = rig([answer("set")], { jwks_uri });
        assert.strictEqual(await source.get(), "set");
        assert.strictEqual(requests[0]?.url, jwks_uri);
      });
    }
    const bad = [
      "http://issuer.example/jwks",
      "http://localhost.example/jwks",
      "http://xlocalhost/jwks",
      "http://127.0.0.1.example/jwks",
      "http://128.0.0.1/jwks",
      "http://[::2]/jwks",
      "http://10.0.0.1/jwks",
      "ftp://localhost/jwks",
      "data:application/json,{}",
      "file:///jwks",
      "https://user@issuer.example/jwks",
      "https://:password@issuer.example/jwks",
      "https://issuer.example/jwks#a",
      "https://issuer.example/jwks#",
      "/jwks",
      "",
    ];
    for (const jwks_uri of bad) {
      QUnit.test(`${JSON.stringify(jwks_uri)} is refused`, (assert) => {
        assert.throws(() => rig([], { jwks_uri }), /TypeError/);
      });
    }
    QUnit.test("lengths that are none are refused", (assert) => {
      const names = ["max_age", "cooldown", "stale_if_error", "timeout_ms", "max_octets"];
      for (const name of names) {
        for (const value of [-1, Number.NaN, Number.POSITIVE_INFINITY]) {
          assert.throws(() => rig([], { [name]: value }), new RegExp(`RangeError: ${name}`));
        }
      }
    });
  });

  QUnit.module("verify jwks: the fetch", () => {
    QUnit.test("what is sent", async (assert) => {
      const { source, requests } = rig([answer("set")]);
      await source.get();
      const { headers, redirect, method, body } = requests[0]?.init ?? {};
      assert.deepEqual(
        [Object(headers), redirect, method, body],
        [{ accept: "application/jwk-set+json, application/json" }, "manual", undefined, undefined],
      );
    });

    const followed = new Response("set");
    Object.defineProperty(followed, "redirected", { value: true });
    const opaque = new Response("set");
    Object.defineProperty(opaque, "type", { value: "opaqueredirect" });
    const broken = new ReadableStream({
      pull(controller) {
        controller.error(new Error("connection lost"));
      },
    });
    const location = { location: "https://elsewhere.example/jwks" };
    const failures: [name: string, Answer, RegExp][] = [
      ["no connection", down, /connection refused/],
      ...[301, 302, 303, 307, 308].map((status): [string, Answer, RegExp] => [
        `a redirect with ${status}`,
        answer("set", location, status),
        /redirects are not followed/,
      ]),
      ["a redirect as pages see it", () => opaque, /redirects are not followed/],
      ["a redirect that was followed", () => followed, /redirects are not followed/],
      ["an error as pages see it", () => Response.error(), /status 0/],
      ...[201, 206, 400, 401, 404, 500, 503].map((status): [string, Answer, RegExp] => [
        `status ${status}`,
        answer("set", {}, status),
        new RegExp(`status ${status}`),
      ]),
      ["status 204", () => new Response(null, { status: 204 }), /status 204/],
      ["a malformed set", answer("malformed"), /keys is missing/],
      ["no UTF-8", () => new Response(new Uint8Array([0x7b, 0xff])), /no key set/],
      ["half a character", () => new Response(new Uint8Array([0x7b, 0xe2, 0x82])), /no key set/],
      ["a body that breaks off", () => new Response(broken), /connection lost/],
      ["what is no error", () => Promise.reject("odd"), /odd/],
    ];
    for (const [name, given, expected] of failures) {
      QUnit.test(`${name} is a failure`, async (assert) => {
        const { source } = rig([given]);
        const error = await source.get().catch((error: unknown) => error);
        assert.true(error instanceof JwksUnavailable, String(error));
        assert.true(expected.test(String(error)) && String(error).includes(URI), String(error));
        assert.strictEqual(source.export(), undefined);
      });
    }

    QUnit.test("a body of exactly the limit, in parts that split characters", async (assert) => {
      const bytes = new TextEncoder().encode("sett€");
      const body = new ReadableStream({
        start(controller) {
          for (const byte of bytes) controller.enqueue(Uint8Array.of(byte));
          controller.close();
        },
      });
      const { source } = rig([() => new Response(body)], { max_octets: bytes.length });
      assert.strictEqual(await source.get(), "sett€");
    });

    QUnit.test("a body without end is read no further than the limit", async (assert) => {
      const state = { pulled: 0, cancelled: false };
      const given = () =>
        new Response(endless("x".repeat(100), state), { headers: { "content-length": "3" } });
      const { source } = rig([given], { max_octets: 1_000 });
      await assert.rejects(source.get(), /longer than 1000 bytes/);
      assert.true(state.cancelled && state.pulled <= 13, JSON.stringify(state));
    });

    for (const name of ["an answer", "a body"]) {
      QUnit.test(`${name} that never comes is aborted`, async (assert) => {
        let aborted = false;
        const given: Answer = (signal) => {
          signal.addEventListener("abort", () => {
            aborted = true;
          });
          return name === "a body" ? new Response(new ReadableStream()) : new Promise(() => {});
        };
        const { source } = rig([given], { timeout_ms: 5 });
        await assert.rejects(source.get(), /no answer within 5 ms/);
        assert.true(aborted);
      });
    }

    QUnit.test("what is refused unread is aborted", async (assert) => {
      let aborted = false;
      const given: Answer = (signal) => {
        signal.addEventListener("abort", () => {
          aborted = true;
        });
        return new Response(new ReadableStream(), { status: 404 });
      };
      await assert.rejects(rig([given]).source.get(), /status 404/);
      assert.true(aborted);
    });
  });
};

export default register;
