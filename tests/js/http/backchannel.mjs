// Requests to authenticate somebody who is elsewhere, as the clients of a mount send them: CIBA Core §7, §10.1, §11.

import { form } from "./channel.mjs";
import { basic, tokenRequest } from "./wire.mjs";

export const CIBA = "urn:openid:params:grant-type:ciba";

/** The clients of one mount of the deployment `server`. */
export class Backchannel {
  server;
  mount;
  client;
  parameters;

  /** `client`: whose requests these are unless they say so, by its name in `/_dev/env`; `parameters`: as a rule. */
  constructor(server, { mount = "", client = "CLIENT", parameters } = {}) {
    this.server = server;
    this.mount = mount;
    this.client = client;
    this.parameters = parameters;
  }

  get issuer() {
    return this.server.origin + this.mount;
  }

  /** HTTP Basic of a client. */
  basic(client = this.client) {
    const { [`${client}_ID`]: id, [`${client}_SECRET`]: secret } = this.server.env;
    return basic(id, secret);
  }

  /** An authentication request. `change`: parameters that differ; `client`: who sends it. */
  asking(change = {}, { client, ...rest } = {}) {
    const usual = this.parameters ?? {
      scope: this.server.env.CIBA_SCOPE,
      login_hint: this.server.env.CIBA_LOGIN_HINT,
    };
    const given = { auth: this.basic(client), path: `${this.mount}/bc-authorize`, form: form(usual, change) };
    return tokenRequest(this.server.env, { ...given, ...rest });
  }

  /** Sends one that must be acknowledged, §7.3. */
  async ask(assert, change, options) {
    const { status, headers, text } = await this.server.send(this.asking(change, options));
    assert.strictEqual(status, 200, text);
    assert.deepEqual([headers["content-type"], headers["cache-control"]], ["application/json", "no-store"]);
    return JSON.parse(text);
  }

  /** As options of `tokenRequest`: a poll, §10.1. */
  poll(auth_req_id, { client, change, ...rest } = {}) {
    const parameters = form({ grant_type: CIBA, auth_req_id }, change);
    return { auth: this.basic(client), path: `${this.mount}/token`, form: parameters, ...rest };
  }

  /** A poll that must be refused. */
  refuse(assert, auth_req_id, error, options) {
    const status = error === "invalid_client" ? 401 : 400;
    return this.server.refuse(assert, this.polling(auth_req_id, options), status, error);
  }

  polling(auth_req_id, options) {
    return tokenRequest(this.server.env, this.poll(auth_req_id, options));
  }

  /** A poll that must bring tokens. */
  issue(assert, auth_req_id, options) {
    return this.server.issue(assert, this.poll(auth_req_id, options));
  }

  /** What decides in place of a person. */
  deciding(auth_req_id, action, method = "POST") {
    const url = this.server.env.CIBA_DECIDE_URL;
    const filled = url.replace("{auth_req_id}", encodeURIComponent(auth_req_id)).replace("{action}", action);
    return { method, path: filled.slice(this.server.origin.length) };
  }

  /** Decides. */
  async decide(assert, auth_req_id, action, method) {
    const { status, text } = await this.server.send(this.deciding(auth_req_id, action, method));
    assert.strictEqual(status, 200, text);
  }

  /** The members of a request that was asked for and decided. */
  async decided(assert, action, change, options) {
    const asked = await this.ask(assert, change, options);
    await this.decide(assert, asked.auth_req_id, action);
    return asked;
  }
}

/** By status, and of refusals by error too: how many of the answers. */
export function tally(answers) {
  const counts = {};
  for (const { status, text } of answers) {
    const { error } = JSON.parse(text);
    const name = error === undefined ? String(status) : `${status} ${error}`;
    counts[name] = (counts[name] ?? 0) + 1;
  }
  return counts;
}

/** Sends so many at once. */
export const times = (count, make) => Promise.all(Array.from({ length: count }, (_, n) => make(n)));

/** What `look` finds, once it finds anything: looks for at most as long as a test may take. */
export async function until(look) {
  for (let tries = 0; tries < 600; tries++) {
    const found = await look();
    if (found !== undefined) return found;
    await new Promise((resolve) => setTimeout(resolve, 100));
  }
  throw new Error("it did not come to that");
}
