// Servers for the time of a module of tests, each in a temporary folder of its own.

import { mkdir, mkdtemp, rm } from "node:fs/promises";
import { createServer } from "node:net";
import { join } from "node:path";
import { root, start } from "../../../scripts/demo.mjs";
import { decode, send, tokenRequest } from "./wire.mjs";

/** The runtimes: whether what is stored there outlives the server, and whether WebCrypto signs RS256 quickly. */
export const RUNTIMES = {
  workerd: { persistent: true, quick: true },
  deno: { persistent: true, quick: false },
  node: { persistent: false, quick: true },
};

/**
 * A port of 127.0.0.1 that nobody listens on, nor on the one where the demo's clients do. Below those that a system
 * gives to connections, one of which could take it before the server does.
 */
export async function freePort() {
  for (;;) {
    const port = 10_000 + Math.floor(Math.random() * 20_000);
    if ((await isFree(port)) && (await isFree(port + LISTENERS))) return port;
  }
}

/** How far behind the demo's port its clients listen: `derived` in scripts/demo.mjs. */
const LISTENERS = 1000;

async function isFree(port) {
  const probe = createServer();
  const free = await new Promise((resolve) => {
    probe.once("error", () => resolve(false)).listen(port, "127.0.0.1", () => resolve(true));
  });
  if (free) await new Promise((resolve) => probe.close(resolve));
  return free;
}

/** A fresh folder: inside the package, so that what is bundled into it finds the package; git ignores it. */
export async function makeFolder(name) {
  const parent = join(root, "target/http-tests");
  await mkdir(parent, { recursive: true });
  return mkdtemp(join(parent, `${name}-`));
}

/** A deployment that runs while the tests of the module of `hooks` do; `entry`: other source than the demo's. */
export function serving(hooks, runtime, entry) {
  const server = new Server(runtime, entry);
  hooks.before(() => server.setUp());
  hooks.after(() => server.tearDown());
  return server;
}

class Server {
  origin;
  runtime;
  /** Server errors, other than 503 while the store failed. */
  broken = [];
  #env;
  #entry;
  #port;
  #folder;
  #running;
  #storeFails = false;

  constructor(runtime, entry) {
    this.runtime = runtime;
    this.#entry = entry;
  }

  /** What `/_dev/env` says. */
  get env() {
    if (this.#env === undefined) throw new Error("the server did not start");
    return this.#env;
  }

  /** A key or secret that it was started with, and tells nobody. */
  secret(name) {
    return this.#running.env[name];
  }

  async setUp() {
    this.#folder = await makeFolder(this.runtime);
    this.#port = await freePort();
    await this.#start();
  }

  async tearDown() {
    await this.#running?.stop();
    await rm(this.#folder, { recursive: true, force: true });
  }

  /** Ends the server and starts it again on what it stored. */
  async restart() {
    await this.#running.stop();
    await this.#start();
  }

  async #start() {
    this.#running = undefined;
    this.#env = undefined;
    const place = { port: this.#port, folder: this.#folder, entry: this.#entry };
    this.#running = await start(this.runtime, place);
    this.origin = this.#running.origin;
    this.#env = JSON.parse((await this.send({ path: "/_dev/env" })).text);
  }

  /** Sends a request and notes a server error. */
  async send(request) {
    const answer = await send(this.origin, request);
    const allowed = answer.status < 500 || (answer.status === 503 && this.#storeFails);
    if (!allowed) this.broken.push(`${answer.status} to ${request.method} ${request.path}`);
    return answer;
  }

  /** Sends a request that the runtime itself fails on. */
  sendQuietly(request) {
    return send(this.origin, request);
  }

  /** What the state store does from now on: `ok`, `throw`, `hang`. */
  async store(mode) {
    await this.send({ method: "POST", path: `/_test/store?mode=${mode}` });
    this.#storeFails = mode !== "ok";
  }

  /**
   * Sends what must be refused, and holds the answer against all that a refusal must be. `scheme`: of the challenge
   * that comes with 401. Returns the answer.
   */
  async refuse(assert, request, status, error, scheme = "Basic") {
    const answer = await this.send(request);
    if (answer.status !== status)
      throw new Error(`${answer.status}, not ${status}: ${answer.text.slice(0, 300)}`);
    const { "content-type": type, "cache-control": cache } = answer.headers;
    assert.deepEqual([type, cache], ["application/json", "no-store"]);
    if (request.method === "HEAD") {
      assert.strictEqual(answer.text, "");
      return answer;
    }
    const { error: code, error_description: description, ...others } = JSON.parse(answer.text);
    assert.strictEqual(code, error, description);
    // RFC 6749 §5.2
    assert.true(/^[\x20-\x21\x23-\x5b\x5d-\x7e]+$/.test(description), description);
    assert.deepEqual(others, {});
    if (status === 401) {
      const challenge = answer.headers["www-authenticate"] ?? "";
      assert.true(challenge.startsWith(`${scheme} `), `WWW-Authenticate: ${challenge}`);
    }
    return { ...answer, description };
  }

  /** Asks for what must be issued. Returns the token response, with what its token says. */
  async issue(assert, options) {
    const answer = await this.send(tokenRequest(this.env, options));
    assert.strictEqual(answer.status, 200, answer.text);
    assert.strictEqual(answer.headers["content-type"], "application/json");
    assert.strictEqual(answer.headers["cache-control"], "no-store");
    const body = JSON.parse(answer.text);
    return { ...body, ...decode(body.access_token) };
  }
}
