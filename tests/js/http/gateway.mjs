// The mounts of Open Gateway and CAMARA, and subscribers who have said nothing yet.

import { randomUUID } from "node:crypto";
import { Backchannel } from "./backchannel.mjs";
import { form, jwt, now } from "./channel.mjs";
import { command } from "./governed.mjs";
import { tokenRequest } from "./wire.mjs";

export const FRAUD = "dpv:FraudPreventionAndDetection";
const ASSERTION = "urn:ietf:params:oauth:client-assertion-type:jwt-bearer";
export const JWT_BEARER = "urn:ietf:params:oauth:grant-type:jwt-bearer";

let subscribers = 0;

/** As {@link Backchannel}, at the mount `/ogw`. Asks for `sim-swap`, which rests on consent. */
export class Gateway extends Backchannel {
  constructor(server, { mount = "/ogw", client = "OGW_CLIENT" } = {}) {
    const parameters = { login_hint: "tel:+34655555555", purpose: `${FRAUD}#sim-swap` };
    super(server, { mount, client, parameters });
  }

  /** A command of the operator. */
  operate(method, ...args) {
    return command(this.server, "/_test/operator", { method, args: [this.issuer, ...args] });
  }

  /** A subscriber that nobody has asked anything, by subject and hint. */
  async subscriber() {
    const number = ++subscribers;
    const [sub, hint] = [`subscriber of test ${number}`, `tel:+4670000${String(number).padStart(4, "0")}`];
    await this.operate("putSubject", sub, { active: true, hints: [hint] });
    return { sub, login_hint: hint };
  }

  /** `Authorization` of the service that records consents. */
  async consentBearer(assert) {
    const form = "grant_type=client_credentials&scope=consents";
    const asked = { auth: this.basic("OGW_CONSENT_CLIENT"), path: `${this.mount}/token`, form };
    return `Bearer ${(await this.server.issue(assert, asked)).access_token}`;
  }

  /** Records what a subscriber said, by the consent API. */
  async consent(assert, sub, state, change = {}) {
    const client_id = this.server.env[`${this.client}_ID`];
    const said = { sub, client_id, purpose: FRAUD, scope: "sim-swap", state, ...change };
    const authorization = await this.consentBearer(assert);
    const headers = { authorization, "content-type": "application/json" };
    const request = { method: "POST", path: `${this.mount}/consents`, headers, body: JSON.stringify(said) };
    const { status, text } = await this.server.send(request);
    assert.deepEqual([status, text], [200, "{}"]);
  }

  /** A token asked for and fetched at once. */
  async token(assert, change, options) {
    const { auth_req_id } = await this.ask(assert, change, options);
    return this.issue(assert, auth_req_id, options);
  }

  /** RFC 7662 §2.2, as this mount's client sees it. */
  async introspect(token) {
    const asked = { auth: this.basic(), path: `${this.mount}/introspect`, form: form({ token }) };
    return JSON.parse((await this.server.send(tokenRequest(this.server.env, asked))).text);
  }
}

/** As {@link Gateway}, at the mount `/camara`, whose client has a key. */
export class Camara extends Gateway {
  constructor(server) {
    super(server, { mount: "/camara", client: "CAMARA_CLIENT" });
  }

  /** A JWT of the client. `change`: claims that differ. */
  signed(change = {}, header = { alg: "ES256" }) {
    const { CAMARA_CLIENT_ID: id, CAMARA_CLIENT_JWK: key } = this.server.env;
    const iat = now();
    const claims = { iss: id, sub: id, aud: this.issuer, iat, exp: iat + 60, jti: randomUUID(), ...change };
    return jwt(key, header, claims);
  }

  /** Parameters that authenticate the client. */
  authentication(claims) {
    return { client_assertion_type: ASSERTION, client_assertion: this.signed(claims) };
  }

  asking(change = {}, { claims, ...rest } = {}) {
    return super.asking({ ...this.authentication(claims), ...change }, { auth: null, ...rest });
  }

  poll(auth_req_id, { claims, change, ...rest } = {}) {
    return super.poll(auth_req_id, {
      auth: null,
      change: { ...this.authentication(claims), ...change },
      ...rest,
    });
  }

  /** As options of `tokenRequest`: RFC 7523 §2.1. `said`: claims of the grant that differ. */
  bearing(said, { change, header } = {}) {
    const assertion = this.signed({ sub: "tel:+34655555555", ...said }, header);
    const scope = `${FRAUD}#sim-swap`;
    return this.poll(undefined, { change: { grant_type: JWT_BEARER, assertion, scope, ...change } });
  }
}
