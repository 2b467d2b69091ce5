/** What goes wrong when signing. */

/** Why nothing was signed. */
export type SignErrorCode =
  | "option_invalid"
  | "key_invalid"
  | "header_invalid"
  | "claims_invalid"
  | "column_unknown"
  | "column_duplicate"
  | "column_length"
  | "count_out_of_range"
  | "value_invalid"
  | "token_too_long"
  | "signing_failed"
  | "core_trapped";

/** What went wrong, as the core says it. */
export interface Fault {
  code: SignErrorCode;
  /** What to do. */
  message: string;
  /** The column, or the claim, that is wrong. */
  column?: string | undefined;
  /** The token, or the value of the column, counted from 0. */
  index?: number | undefined;
}

/** Nothing was signed. */
export class SignError extends Error {
  override name = "SignError";
  readonly code: SignErrorCode;
  readonly column: string | undefined;
  readonly index: number | undefined;

  constructor({ code, message, column, index }: Fault, options?: ErrorOptions) {
    super(index === undefined ? message : `${message} (token ${index}, counted from 0)`, options);
    this.code = code;
    this.column = column;
    this.index = index;
  }
}
