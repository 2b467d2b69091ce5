/** What `edgegrant/verify` exports in every runtime, beside its `createVerifier`. */

export type { Mistake } from "./core.ts";
export type { ExportedJwks, JwksCache, JwksOptions } from "./jwks.ts";
export { type VerifierOptions, VerifierOptionsError } from "./options.ts";
export { bearer_token, type ChallengeOptions, challenge } from "./request.ts";
export { require_scope } from "./scope.ts";
export type { Claims, Header, JwkSet, RefusalCode, Refused, Rules, Verified, VerifiedKey } from "./types.ts";
export type { RequestOptions, Verifier } from "./verifier.ts";
