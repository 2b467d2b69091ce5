/** What is wrong with a document. */

import type { Mistake } from "../types.ts";

/**
 * A document cannot be understood. The pointer of each mistake begins with the document that it is in:
 * `/policy`, `/facts` or `/cases`.
 */
export class PolicyError extends Error {
  override name = "PolicyError";
  readonly mistakes: readonly Mistake[];

  constructor(mistakes: readonly Mistake[]) {
    super(mistakes.map(({ pointer, message }) => `${pointer}: ${message}`).join("; "));
    this.mistakes = mistakes;
  }
}
