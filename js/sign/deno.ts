/** `edgegrant/sign` for Deno. */

import { loadCore } from "../load/deno.ts";
import { signers } from "./signer.ts";

export { SignError, type SignErrorCode } from "./error.ts";
export type { Batch, CryptoKeySignerOptions, JwkSignerOptions, Signer, SignerOptions } from "./types.ts";

/** Makes a signer. Rejects with {@link SignError}. */
export const createSigner = signers(loadCore);
