/** Every part of a token explained, and none of it believed. */

import { once } from "../load/once.ts";
import type { Inspection, InspectOptions, InspectorCore } from "./types.ts";

/** Makes `inspect` for a runtime; `load` gets the compiled core. */
export function bind(load: () => Promise<() => InspectorCore>) {
  const loaded = once(load);
  let core: InspectorCore | undefined;
  /**
   * Explains a text that should be a token. It never rejects for what the text is: what is wrong with it is
   * among the `problems`.
   */
  return async function inspect(token: string, options: InspectOptions = {}): Promise<Inspection> {
    const { jwks, now = Date.now() / 1000 } = options;
    const keys = jwks === undefined ? undefined : typeof jwks === "string" ? jwks : JSON.stringify(jwks);
    const instantiate = await loaded();
    core ??= instantiate();
    try {
      return JSON.parse(core.inspect(token, keys, now));
    } catch (error) {
      // One that trapped is not used again.
      core = undefined;
      throw error;
    }
  };
}
