/** The documents that a command reads. */

import { readFile } from "node:fs/promises";
import type { PolicyError } from "../policy/node.ts";
import { UsageError } from "./usage.ts";

/** A document, and what it is called in messages. */
export interface Document {
  name: string;
  text: string;
}

/** Reads files; `-` is standard input, once. Rejects with {@link UsageError}. */
export async function read(files: readonly string[]): Promise<Document[]> {
  if (files.filter((file) => file === "-").length > 1)
    throw new UsageError("standard input can stand in for one file only");
  const documents = [];
  for (const file of files) documents.push({ name: nameOf(file), text: decode(file, await octets(file)) });
  return documents;
}

/** The mistakes, a line each, with the names of the documents that they are in. */
export function describe({ mistakes }: PolicyError, documents: Record<string, Document | undefined>): string {
  const lines = mistakes.map(({ pointer, message }) => {
    const [, root = "", ...rest] = pointer.split("/");
    const place = rest.length > 0 ? ` /${rest.join("/")}` : "";
    return `${documents[root]?.name ?? root}${place}: ${message}\n`;
  });
  return lines.join("");
}

function nameOf(file: string): string {
  return file === "-" ? "standard input" : file;
}

async function octets(file: string): Promise<Uint8Array> {
  if (file === "-") {
    const parts: Buffer[] = [];
    for await (const part of process.stdin) parts.push(Buffer.from(part));
    return Buffer.concat(parts);
  }
  try {
    return await readFile(file);
  } catch (error) {
    const code = error instanceof Error && "code" in error ? error.code : undefined;
    if (code === "ENOENT") throw new UsageError(`${file} is not there`);
    if (code === "EISDIR") throw new UsageError(`${file} is a folder: name a file`);
    throw new UsageError(`${file} cannot be read: ${code ?? error}`);
  }
}

function decode(file: string, octets: Uint8Array): string {
  try {
    return new TextDecoder("utf-8", { fatal: true }).decode(octets);
  } catch {
    throw new UsageError(`${nameOf(file)} is not UTF-8 text: save it as that`);
  }
}
