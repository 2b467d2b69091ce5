/** What the program that embeds a deployment may do with it. None of this can be reached by a request. */

import type { Driver } from "./drive.ts";
import type { Decision, Facts } from "./policy/types.ts";
import type { Mistake } from "./types.ts";

/** Governs a deployment. `issuer` is always an issuer's identifier. All reject with {@link OperatorError}. */
export interface Operator {
  /**
   * Publishes a policy, its text or the parsed JSON, for an issuer whose configuration says
   * `"policy": "registry"`. It counts at once in this process, and in others after `registryCacheSeconds` and what
   * the registry itself is behind.
   */
  publishPolicy(issuer: string, policy: unknown): Promise<{ version: string }>;
  /** The text of the policy that is published; `null`: none is. */
  policy(issuer: string): Promise<string | null>;
  /**
   * Explains what the policy in force decides for these facts, as a request would be decided: every rule that had a
   * say. Its members are those of `explainPolicy` in `edgegrant/policy`.
   */
  explainPolicy(issuer: string, facts: Facts): Promise<Decision>;
  /**
   * Puts a subject into the directory, or changes what stands there. It counts at once. `hints`: the values of
   * `login_hint` that name the subject from now on, beside those before.
   */
  putSubject(issuer: string, sub: string, state: { active: boolean; hints?: string[] }): Promise<void>;
  /**
   * Ends an authentication that a person was asked for: what they decided, or that nobody could be asked. `ticket`
   * came with the request to the hook `notifyUser`, and is good once. One that is unknown, has ended or is used
   * is an {@link OperatorError} of status 400, whose message says which.
   */
  complete(ticket: string, result: AuthenticationResult): Promise<Completion>;
  /** Records what a person decided about a purpose. Nothing is overwritten: what stood before stays as history. */
  putConsent(issuer: string, consent: Omit<Consent, "at" | "by"> & { sub: string }): Promise<void>;
  /** All that a person decided, the oldest first: the last one about a client, purpose and scope counts. */
  consents(issuer: string, sub: string): Promise<Consent[]>;
  /** Makes an API key for a client, a UUID of version 4. Only its hash is kept: it is told this once. */
  createApiKey(issuer: string, client_id: string): Promise<string>;
  /** Takes an API key away from a client; also one that the configuration names. It counts at once. */
  revokeApiKey(issuer: string, client_id: string, api_key: string): Promise<void>;
}

/** How an authentication ended. */
export type AuthenticationResult =
  | {
      outcome: "authorized";
      /** Who was authenticated; by default whom the hint named. */
      sub?: string;
      /** What the id token calls them instead. */
      id_token_sub?: string;
      /** When, seconds since 1970; by default the id token does not say. */
      auth_time?: number;
      /** The authentication context class that was reached, OpenID Connect Core §2. */
      acr?: string;
      /** Further claims of the id token. */
      claims?: Record<string, unknown>;
      properties?: Property[];
      /** What was consented to, space separated; by default all that was asked for. */
      scope?: string;
      /** Further header parameters of the id token. */
      id_token_header?: Record<string, unknown>;
    }
  | {
      /** The person refused, or could not be asked. */
      outcome: "access_denied" | "transaction_failed";
      /** For the client, as is `error_uri`. */
      error_description?: string;
      error_uri?: string;
    };

/** What is to be kept with an access token. */
export interface Property {
  key: string;
  value: string;
  /** Not shown to the client. */
  hidden?: boolean;
}

/** That an authentication has ended. */
export interface Completion {
  outcome: "completed";
}

/** What a person decided about the use of their data. */
export interface Consent {
  /** Who may use it, or may not. */
  client_id: string;
  /** What for. */
  purpose: string;
  /** One scope. */
  scope: string;
  state: "given" | "refused" | "withdrawn";
  /** When it was decided, seconds since 1970; 0 in the configuration. */
  at: number;
  /** Who recorded it: `operator`, a `client_id`, or `configuration`. */
  by: string;
}

/** A command was not done. */
export class OperatorError extends Error {
  override name = "OperatorError";
  /** The status that a request would have had: 400, or 503 where a store failed. */
  readonly status: number;
  /** What is wrong with a policy. */
  readonly mistakes: Mistake[];

  constructor(status: number, message: string, mistakes: Mistake[]) {
    const lines = mistakes.map(({ pointer, message }) => `\n  ${pointer || "(document)"}: ${message}`);
    super(message + lines.join(""));
    this.status = status;
    this.mistakes = mistakes;
  }
}

const UTF8 = new TextEncoder();

/** The operator of what `driver` drives. */
export function operator(driver: Driver): Operator {
  const command = async (name: string, members: object): Promise<Record<string, unknown>> => {
    const bytes = UTF8.encode(JSON.stringify({ [name]: members }));
    const request = { method: "POST", path: "", query: "", headers: {}, body: { bytes }, operator: true };
    const { status, body } = await driver.open(request);
    const answer: Record<string, unknown> = JSON.parse(typeof body === "string" ? body : "{}");
    if (status === 200) return answer;
    const mistakes = Array.isArray(answer.mistakes) ? answer.mistakes : [];
    throw new OperatorError(status, String(answer.error_description ?? answer.error), mistakes);
  };
  return {
    async publishPolicy(issuer, policy) {
      const text = typeof policy === "string" ? policy : JSON.stringify(policy);
      const { version } = await command("publish_policy", { issuer, policy: text });
      return { version: String(version) };
    },
    async policy(issuer) {
      const { policy } = await command("read_policy", { issuer });
      return typeof policy === "string" ? policy : null;
    },
    async explainPolicy(issuer, facts) {
      const answer: unknown = await command("explain_policy", { issuer, facts: JSON.stringify(facts) });
      return answer as Decision;
    },
    async putSubject(issuer, sub, { active, hints }) {
      await command("put_subject", { issuer, sub, active, hints });
    },
    async complete(ticket, result) {
      await command("complete_authentication", { ticket, result });
      return { outcome: "completed" };
    },
    async putConsent(issuer, { sub, client_id, purpose, scope, state }) {
      await command("put_consent", { issuer, sub, client_id, purpose, scope, state });
    },
    async consents(issuer, sub) {
      const { consents } = await command("read_consents", { issuer, sub });
      return consents as Consent[];
    },
    async createApiKey(issuer, client_id) {
      return String((await command("create_api_key", { issuer, client_id })).api_key);
    },
    async revokeApiKey(issuer, client_id, api_key) {
      await command("revoke_api_key", { issuer, client_id, api_key });
    },
  };
}
