/** Decathlon Login. */

import type { Rules } from "../types.ts";
import { type Keys, keysOf, type OtherKeys } from "./preset.ts";

/**
 * Access tokens of Decathlon Login: those of `client_credentials`, and those that a seamless back-channel
 * exchange gives. RS256, `scope` an array, no `aud`; the client's own have no `sub`.
 *
 * An exchangeable token has the same shape and is none: it is signed by a key of its own that is not
 * published, so that it is refused with `key_not_found`. Give no set that holds that key.
 *
 * Dialect: Step 0 (the payload), Step 1 (`typ`, and where the keys are), Step 2.
 */
export function decathlon({ issuer, ...keys }: { issuer: string } & OtherKeys): Rules & Keys {
  return {
    ...keysOf(issuer, keys),
    issuer,
    audience: null,
    algorithms: ["RS256"],
    typ: "JWT",
    required_claims: ["client_id", "iat", "jti", "scope"],
  };
}
