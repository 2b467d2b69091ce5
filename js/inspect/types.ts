/** What `edgegrant/inspect` takes and gives; `src/inspect/mod.rs` makes it. */

import type { JwkSet } from "../verify/types.ts";

/** The exports of `src/wasm/inspector.rs`. */
export interface InspectorCore {
  /** Answers JSON: an {@link Inspection}. */
  inspect(token: string, keys: string | undefined, now: number): string;
}

/** What is known besides the token. */
export interface InspectOptions {
  /** Keys to check the signature with: a JWK Set, a JWK, or the text of either. */
  jwks?: JwkSet | Record<string, unknown> | string;
  /** Seconds since 1970; default: the runtime's clock. */
  now?: number;
}

/** Where it is written. */
export interface Source {
  /** `RFC 7519 §4.1.4` */
  source: string;
  /** The section's address. */
  link: string;
}

/** All that a token says, and what is wrong with it. Nothing of it is to be believed. */
export interface Inspection {
  /** What the text is, by its shape. */
  form: "compact_jws" | "json_jws" | "compact_jwe" | "json_jwe" | "unsecured" | "json" | "opaque";
  /** What the token seems to be; `why`: the members that say so. */
  kind: Source & { code: string; name: string; why: string[] };
  /** What stands between the dots: octets of its text, and octets that the text stands for. */
  segments: { name: string; text_octets: number; octets: number }[];
  /** Where a member stands twice, the last. */
  header: unknown;
  /** The payload, where it is JSON. Where a member stands twice, the last. */
  claims: unknown;
  /** The payload, where it is not JSON. */
  payload: { text: string } | { hex: string } | null;
  /** What `alg` says. */
  algorithm: (Source & { name: string; family: string; key: string; supported: boolean }) | null;
  times: InspectedTime[];
  /** From `iat` to `exp`, in words. */
  lifetime: string | null;
  /** What the known members mean; `at` as in a {@link Problem}. */
  members: (Source & { at: string; meaning: string })[];
  signature: InspectedSignature;
  problems: Problem[];
}

/** A claim that is a time. */
export interface InspectedTime {
  claim: string;
  value: number;
  /** RFC 3339; `null`: beyond the year 9999. */
  utc: string | null;
  /** `in 14 minutes 59 seconds` */
  relative: string;
  /** The time, if it is in milliseconds by mistake. */
  as_milliseconds: string | null;
}

/**
 * The signature. `verified`: it is by one of the keys that were given, and the token may be good for nothing
 * all the same. `thumbprint` (RFC 7638): that key.
 */
export interface InspectedSignature {
  status: "not_checked" | "verified" | "failed" | "no_key";
  alg: string | null;
  kid: string | null;
  thumbprint: string | null;
}

/** Something wrong. docs/inspection.md lists the codes, which stay. */
export interface Problem extends Source {
  code: string;
  /** `error`: who verifies a JWT refuses it for this, or should. `warning`: somebody will be sorry. */
  severity: "error" | "warning" | "note";
  message: string;
  /** `/header/alg`, `/claims/exp`, `/keys/0`, or `token`, `header`, `payload`, `signature`, `keys`. */
  at: string;
}
