/** From a batch to the texts that the core is given, a chunk of tokens at a time. */

import { type Fault, SignError, type SignErrorCode } from "./error.ts";
import type { Batch } from "./types.ts";

/** Tokens in a chunk: what is made of them stays in the processor's cache. */
const CHUNK = 512;

/** Most tokens of a batch. */
const MOST = 10_000;

const MEMBERS = ["claims", "columns", "uuid", "count"];

const UTF8 = new TextEncoder();

/** A part of a batch. */
export interface Chunk {
  /** JSON text of it, as the core takes it. */
  text: Uint8Array;
  /** How many tokens of the batch went before. */
  first: number;
}

/** Divides a batch. Throws {@link SignError}. */
export function* chunks(batch: Batch): Generator<Chunk> {
  const { claims, columns = {}, uuid, count } = expectOnly(batch, "batch", MEMBERS);
  const constant = objectText(claims, "claims_invalid", "claims");
  const named = Object.entries(columns);
  for (const [column, values] of named) {
    if (!Array.isArray(values))
      refuse("column_length", `the column "${column}" must be an array`, { column });
  }
  const total = count ?? named[0]?.[1].length ?? 1;
  if (!Number.isInteger(total) || total < 1 || total > MOST) {
    refuse("count_out_of_range", `a batch has 1 to ${MOST} tokens, not ${total}`);
  }
  for (const [column, { length }] of named) {
    const message = `the column "${column}" has ${length} values for ${total} tokens`;
    if (length !== total) refuse("column_length", message, { column });
  }
  const end = uuid === undefined ? "" : `,"uuid":${JSON.stringify(String(uuid))}`;
  for (let first = 0; first < total; first += CHUNK) {
    const next = Math.min(first + CHUNK, total);
    const texts = named.map(([column, values]) => {
      return `${JSON.stringify(column)}:${valuesText(column, values, first, next)}`;
    });
    const text = `{"claims":${constant},"columns":{${texts.join()}}${end},"count":${next - first}}`;
    yield { text: UTF8.encode(text), first };
  }
}

/** JSON text of an object. Throws {@link SignError}. */
export function objectText(value: object, code: SignErrorCode, what: string): string {
  const json = jsonText(value, code, `the ${what}`);
  if (json?.[0] !== "{") refuse(code, `the ${what} must be an object`);
  return json;
}

function valuesText(column: string, all: readonly unknown[], from: number, to: number): string {
  const values = all.slice(from, to);
  for (let i = 0; i < values.length; i++) {
    // What JSON.stringify would make `null` of, or throw at.
    if (!isJson(values[i])) {
      const message = `the column "${column}" must have values that JSON has, not ${String(values[i])}`;
      refuse("value_invalid", message, { column, index: from + i });
    }
  }
  return jsonText(values, "value_invalid", `the column "${column}"`, { column }) ?? "[]";
}

function isJson(value: unknown): boolean {
  switch (typeof value) {
    case "number":
      return Number.isFinite(value);
    case "string":
    case "boolean":
    case "object":
      return true;
    default:
      return false;
  }
}

function jsonText(
  value: object,
  code: SignErrorCode,
  what: string,
  where: Pick<Fault, "column"> = {},
): string | undefined {
  try {
    return JSON.stringify(value);
  } catch (cause) {
    throw new SignError(
      { ...where, code, message: `${what} cannot be written as JSON: see the cause` },
      { cause },
    );
  }
}

/** Refuses members that mean nothing, which are mistyped ones. Throws {@link SignError}. */
export function expectOnly<T extends object>(value: T, what: string, members: string[]): T {
  if (typeof value !== "object" || value === null) refuse("option_invalid", `the ${what} must be an object`);
  const unknown = Object.keys(value).find((name) => !members.includes(name));
  if (unknown !== undefined) {
    refuse("option_invalid", `the ${what} has no member "${unknown}", only ${members.join(", ")}`);
  }
  return value;
}

/** Throws {@link SignError}. */
export function refuse(
  code: SignErrorCode,
  message: string,
  where: Pick<Fault, "column" | "index"> = {},
): never {
  throw new SignError({ ...where, code, message });
}
