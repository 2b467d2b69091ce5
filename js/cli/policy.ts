/** `edgegrant policy explain | check | test`. */

import { parseArgs } from "node:util";
import { loadPolicyTools, PolicyError, type PolicyTools } from "../policy/node.ts";
import { type Document, describe, read } from "./documents.ts";
import { printDecision, printFindings, printResults } from "./print.ts";
import { USAGE, UsageError } from "./usage.ts";

/** What a command found: as data, for people, and whether that is a success. */
interface Answer {
  data: unknown;
  text: string;
  good: boolean;
}

/** A command: the documents that it reads, and what it does with their texts. */
interface Command {
  documents: string[];
  run(tools: PolicyTools, texts: string[], now: number): Answer;
}

const COMMANDS: Record<string, Command> = {
  explain: {
    documents: ["policy", "facts"],
    run(tools, [policy = "", facts = ""]) {
      const data = tools.explainPolicy(policy, facts);
      return { data, text: printDecision(data), good: data.outcome === "granted" };
    },
  },
  check: {
    documents: ["policy"],
    run(tools, [policy = ""], now) {
      const data = tools.checkPolicy(policy, now);
      return { data, text: printFindings(data), good: data.every(({ severity }) => severity !== "error") };
    },
  },
  test: {
    documents: ["policy", "cases"],
    run(tools, [policy = "", cases = ""]) {
      const data = tools.testPolicy(policy, cases);
      return { data, text: printResults(data), good: data.every(({ passed }) => passed) };
    },
  },
};

/** Carries out the command and answers the exit status. Rejects with {@link UsageError}. */
export async function policy(args: string[]): Promise<number> {
  const { values, positionals } = parse(args);
  if (values.help) {
    process.stdout.write(USAGE);
    return 0;
  }
  const [name, ...files] = positionals;
  const command = Object.hasOwn(COMMANDS, name ?? "") ? COMMANDS[name ?? ""] : undefined;
  if (command === undefined) {
    const found = name === undefined ? "none" : name;
    throw new UsageError(`expected policy explain, policy check or policy test, found ${found}`);
  }
  if (files.length !== command.documents.length) {
    const expected = command.documents.map((document) => document.toUpperCase()).join(" ");
    throw new UsageError(`policy ${name} takes ${expected}, found ${files.length} files`);
  }
  if (values.now !== undefined && name !== "check") throw new UsageError("only policy check takes --now");
  const now = readTime(values.now);
  const documents = await read(files);
  const tools = await loadPolicyTools();
  try {
    const { data, text, good } = command.run(
      tools,
      documents.map((document) => document.text),
      now,
    );
    process.stdout.write(values.json ? `${JSON.stringify(data, null, 2)}\n` : text);
    return good ? 0 : 1;
  } catch (error) {
    if (!(error instanceof PolicyError)) throw error;
    if (values.json) {
      process.stdout.write(`${JSON.stringify({ mistakes: error.mistakes }, null, 2)}\n`);
    } else {
      process.stderr.write(describe(error, named(command, documents)));
    }
    return 2;
  }
}

function named({ documents: names }: Command, documents: Document[]): Record<string, Document | undefined> {
  return Object.fromEntries(names.map((name, place) => [name, documents[place]]));
}

function parse(args: string[]) {
  try {
    return parseArgs({
      args,
      allowPositionals: true,
      options: { json: { type: "boolean" }, now: { type: "string" }, help: { type: "boolean", short: "h" } },
    });
  } catch (error) {
    throw new UsageError(error instanceof Error ? error.message : String(error));
  }
}

/** Seconds since 1970. */
function readTime(text: string | undefined): number {
  if (text === undefined) return Date.now() / 1000;
  if (/^\d{1,12}$/.test(text)) return Number(text);
  const date = /^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\dZ$/.test(text) ? Date.parse(text) / 1000 : Number.NaN;
  if (date >= 0) return date;
  throw new UsageError(`--now: expected seconds since 1970 or as in 2026-11-25T00:00:00Z, found ${text}`);
}
