/**
 * The shapes that cross between the core (WebAssembly) and its host, and the interfaces that an
 * adapter implements. Written by hand; `tests/boundary_types.rs` writes samples of every variant
 * and the type check holds them against this file.
 */

/** What a store is used for: `state` is used once or counted, `registry` is read mostly. */
export type Role = "state" | "registry";

/** A wish of the core; the host performs it and answers with a {@link Reply}. */
export type Effect =
  | { kind: "get"; role: Role; keys: string[] }
  | ({ kind: "commit"; role: Role } & Commit)
  | { kind: "list"; role: Role; prefix: string; after: string | null; limit: number }
  | ({ kind: "sign" } & Signing)
  | { kind: "subject"; issuer: string; sub: string }
  | ({ kind: "identify" } & Hint)
  | ({ kind: "notify_user" } & AuthenticationRequest)
  | { kind: "wait"; milliseconds: number }
  | ({ kind: "fetch" } & Outbound)
  | ({ kind: "notify" } & Outbound)
  | { kind: "record"; event: AuditEvent };

/** An atomic change of one partition: nothing is written unless every check holds. */
export interface Commit {
  /** Versions that records must have; `null`: the record must not exist. */
  check: { key: string; version: string | null }[];
  /** Records to write. `expires_at`: seconds since 1970; the adapter may forget it then. */
  set: { key: string; value: string; expires_at: number | null }[];
  /** Keys to remove. */
  delete: string[];
}

/** Signatures to make: `key` is the environment binding that names the private key. */
export interface Signing {
  key: string;
  /** RFC 7518 §3.1 */
  alg: string;
  /** The signing inputs, one after the other. */
  inputs: Uint8Array<ArrayBuffer>;
  /** Where each input ends. */
  ends: number[];
}

/** An HTTP request that the host sends. */
export interface Outbound {
  method: "GET" | "POST";
  url: string;
  headers: [string, string][];
  body: string | null;
  /** Longest wait, milliseconds. */
  timeout_ms: number;
  /** Longest answer that is read, bytes. */
  max_bytes: number;
}

/** A hint about who is to be authenticated, CIBA Core §7.1. */
export interface Hint {
  issuer: string;
  /** The client that asks. */
  client_id: string;
  type: "login_hint" | "login_hint_token" | "id_token_hint";
  /** As it was sent; of an `id_token_hint` its subject. */
  hint: string;
  /** Where one was sent. */
  user_code: string | null;
}

/** What a person is asked, CIBA Core §8. */
export interface AuthenticationRequest {
  /**
   * What the answer must be given with. Whoever has it decides: it is for the authentication device's side alone.
   */
  ticket: string;
  issuer: string;
  /** The client that asks. */
  client_id: string;
  /** Its name for people. */
  client_name: string | null;
  /** Who is asked. */
  sub: string;
  /** The scope asked for, space separated. */
  scope: string;
  /** The audiences asked for. */
  audience: string[];
  /** What the client shows too, so that both devices can be seen to belong together. */
  binding_message: string | null;
  /** The authentication context classes asked for, the preferred one first. */
  acr_values: string[];
  /** RFC 9396 §2 */
  authorization_details: unknown;
  /** What the data is for. */
  purpose: string | null;
  /** When the request ends, seconds since 1970. */
  expires_at: number;
}

/** An audit event. */
export interface AuditEvent {
  type:
    | "token.issued"
    | "token.refused"
    | "token.revoked"
    | "tokens.generated"
    | "generation.refused"
    | "authentication.requested"
    | "authentication.refused"
    | "authentication.completed"
    | "consent.recorded"
    | "consent.refused"
    | "operator";
  /** Seconds since 1970. */
  time: number;
  issuer: string;
  client_id: string | null;
  grant_type: string | null;
  scope: string | null;
  audience: string[];
  jti: string | null;
  error: string | null;
  rule: string | null;
  cause: string | null;
  policy_version: string | null;
  /** The client that tokens were generated for. */
  for_client_id: string | null;
  /** How many tokens were generated, or asked for. */
  count: number | null;
  /** Stands for what is too long to be written here. */
  digest: string | null;
  /** Whom the token is about. */
  subject: string | null;
  /** The policy's grant that allowed it. */
  grant: string | null;
  /** What the data is for. */
  purpose: string | null;
  /** What that rests on. */
  legal_basis: string | null;
}

/** The host's answer to an effect, or (`"done"`) to a chunk that was sent on. */
export type Reply =
  | { records: (Versioned | null)[] }
  | { committed: boolean }
  | { page: Page }
  /** All of one length, one after the other. */
  | { signatures: Uint8Array }
  | { subject: SubjectState | null }
  | { identified: Identified | null }
  | { response: { status: number; body: Uint8Array } }
  | "done"
  | { failed: Failure };

/** A record; `version` is the adapter's, opaque. */
export interface Versioned {
  value: string;
  version: string;
}

/** A page of records in key order; `more`: others follow the last entry. */
export interface Page {
  entries: (Versioned & { key: string })[];
  more: boolean;
}

/** What is known of a subject. */
export interface SubjectState {
  /** Whether tokens may be issued about it. */
  active: boolean;
}

/** Whom a hint names. */
export interface Identified {
  sub: string;
  /** What was wrong with the user code; `null`: nothing, or none is needed. CIBA Core §13 */
  user_code?: "missing" | "wrong" | null;
}

/** Why the host could not perform an effect. */
export interface Failure {
  effect: string;
  message: string;
}

/** An HTTP request, as far as the core looks at it. Absent fields are left out. */
export interface HttpRequest {
  method: string;
  /** The path as received, percent-encoding and all. */
  path: string;
  /** Without the question mark. */
  query: string;
  headers: { authorization?: string; "content-type"?: string; "x-api-key"?: string };
  /** `"over_limit"`: longer than the core's limit for this path, and not read. */
  body: { bytes: Uint8Array } | "over_limit";
  /** Only the program that hosts the core may set it, never what serves requests of others. */
  operator?: boolean;
}

/** What a request did next. */
export type Step =
  | { kind: "effect"; effect: Effect }
  | { kind: "head"; status: number; headers: [string, string][] }
  | { kind: "chunk"; chunk: Uint8Array }
  /** `response` is `null` where a `head` went before. */
  | { kind: "done"; response: HttpResponse | null };

/** A whole answer. */
export interface HttpResponse {
  status: number;
  headers: [string, string][];
  body: string;
}

/** A whole or a streamed answer, on its way to the client. */
export interface Answer {
  status: number;
  headers: [string, string][];
  body: string | ReadableStream<Uint8Array>;
}

/** What a runtime hands over with a request: Workers pass an `ExecutionContext`. */
export interface Context {
  /** Keeps the isolate alive until `work` settles. */
  waitUntil(work: Promise<unknown>): void;
}

/** A deployment below `Request` and `Response`, for a runtime that has something quicker. */
export interface Service {
  /** The longest body to read for `path`, bytes; what is longer is passed on as `"over_limit"`. */
  bodyLimit(path: string): number;
  /** Answers a request. Never rejects; the body of a streamed answer may end in an error. */
  answer(request: HttpRequest, context?: Context): Promise<Answer>;
}

/** A mistake in the configuration: where (RFC 6901 JSON pointer) and what was expected. */
export interface Mistake {
  pointer: string;
  message: string;
}

/** What a configuration needs of its host before it can start. */
export interface Plan {
  bindings: Binding[];
  /** Record kinds that the `state` role will hold. */
  state_kinds: string[];
}

/** A reference from the configuration to an environment binding. */
export interface Binding {
  /** The environment variable or secret. */
  name: string;
  pointer: string;
  /** `private_key`: imported into WebCrypto; the core is given the public part only. */
  kind: "text" | "private_key";
  /** JWS algorithm of a private key. */
  alg: string | null;
}

/** An answer of a start-up call: a value or all mistakes at once. */
export type Outcome<T> = { ok: T } | { mistakes: Mistake[] };

/** What the core may ask: without a hook it does not. */
export interface CoreHooks {
  /** Audit events are heard. */
  audit: boolean;
  /** Subjects are known. */
  subject: boolean;
  /** It is known whom hints name. */
  identify: boolean;
  /** People are asked on their devices. */
  notify_user: boolean;
}

/** The exports of one WebAssembly instance. They answer with data; one that throws has trapped. */
export interface Core {
  /** Reads the configuration: what must be resolved before {@link Core.configure}. */
  plan(config: string): Outcome<Plan>;
  /** Makes this instance serve `config`. Called once, first. */
  configure(config: string, bindings: Record<string, string>, hooks: CoreHooks): Outcome<null>;
  /** The longest body that is read for this path, bytes. */
  body_limit(path: string): number;
  /** 32 bytes of entropy; `undefined` where the host has none. */
  draw_seed(): Uint8Array | undefined;
  /** Opens request `id` (the caller's number, unused so far) and runs it to its first step. */
  start(id: number, request: HttpRequest, now: number, seed: Uint8Array): Step;
  /** Gives request `id` the reply it waits for and runs it to its next step. */
  resume(id: number, reply: Reply): Step;
  /** Forgets request `id`, finished or not. */
  drop(id: number): void;
  /** Makes a private key as a JWK; `undefined` for an algorithm it does not know, or without entropy. */
  generate_key(alg: string): string | undefined;
}

/** Makes a fresh instance of the core: 0.3 ms, synchronous. */
export type CoreFactory = () => Core;

/** What an adapter can promise. */
export interface Capabilities {
  /** Whether `commit` honours its checks, all or nothing, against every other `commit`. */
  atomic: boolean;
  /** How old a read may be, seconds. */
  staleReadSeconds: number;
  /** The shortest life a record can have, seconds. */
  minTtlSeconds: number;
  /** The longest value, bytes of UTF-8. */
  maxValueBytes: number;
}

/** A store adapter: three verbs, on which the core builds everything. */
export interface Store {
  /** The adapter's name, for messages. */
  readonly name: string;
  readonly capabilities: Capabilities;
  /** One item per key, in order. Keys may lie in different partitions. */
  get(keys: string[]): Promise<(Versioned | null)[]>;
  /**
   * `true`: committed; `false`: a check did not hold and nothing was written. Atomic within one
   * partition (the key's first two segments); throws where the keys lie in several.
   */
  commit(commit: Commit): Promise<boolean>;
  /** Records in key order (by UTF-8 bytes) that begin with `prefix` and follow `after`. */
  list(prefix: string, after: string | null, limit: number): Promise<Page>;
  /**
   * Keeps an HTTP request and sends it, again where that fails, though this isolate ends. Resolves once it is
   * kept. Without it, notifications are kept in memory alone.
   */
  enqueue?(outbound: Outbound): Promise<void>;
}
