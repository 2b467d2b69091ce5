// `edgegrant policy` as a process: what it prints, and how it ends.

import { spawn } from "node:child_process";
import { once } from "node:events";
import { mkdir, mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { text } from "node:stream/consumers";
import { fileURLToPath } from "node:url";

const COMMAND = fileURLToPath(new URL("../../../dist/cli/edgegrant.js", import.meta.url));

const GRANT = {
  flow: "exchangeable_token",
  from: "a",
  to: "b",
  scope: "read",
  quota: 5,
  justification: "for absent people",
  approved_by: "board",
  expires_at: "2027-01-01T00:00:00Z",
};
const SCOPES = {
  read: { description: "reads", auto_approved: ["b"] },
  write: { description: "writes" },
};
const POLICY = { version: "7", scopes: SCOPES, exchange: [GRANT] };
const FACTS = { kind: "generate", from: "a", to: "b", now: "2026-06-01T00:00:00Z" };
const CASE = { name: "b may read", facts: FACTS, expect: { scope: "read" } };

const FILES = {
  "policy.json": POLICY,
  "flawed.json": { ...POLICY, exchange: [{ ...GRANT, scope: "read write", quota: undefined }] },
  "broken.json": { ...POLICY, version: 7, extra: true },
  "facts.json": FACTS,
  "refused.json": { ...FACTS, scope: "write", now: "2027-06-01T00:00:00Z" },
  "wrong.json": { ...FACTS, from: 1, kind: "generate", more: 1 },
  "cases.json": [CASE],
  "failing.json": [CASE, { ...CASE, name: "b may write", expect: { scope: "write" } }],
  "empty.json": [{ ...CASE, expect: {} }],
  "not.json": "{'version': 1}",
  "latin.json": Buffer.from('{"version":"\xe9"}', "latin1"),
};

/** Each: the arguments; the status; what the output has; what the error output has; what goes in. */
const TABLE = [
  ["explain policy.json facts.json", 0, ["granted by policy 7", "scope       read", "✓ exchange.expired\n"]],
  [
    "explain policy.json refused.json",
    1,
    [
      "refused by policy 7",
      "✗ exchange.expired: the grant from a to b has expired\n      Have the grant approved anew.\n",
      "✗ scope.not-auto-approved: scope write is not auto-approved for this client\n      Ask for less",
    ],
  ],
  ["explain policy.json -", 0, ["granted"], [], FACTS],
  ["explain - facts.json", 0, ["granted"], [], POLICY],
  ["explain - -", 2, [], ["standard input can stand in for one file only", "--help"]],
  [
    "explain policy.json wrong.json",
    2,
    [],
    ["wrong.json /from: expected a string", "wrong.json /more: unknown"],
  ],
  [
    "explain broken.json facts.json",
    2,
    [],
    ["broken.json /extra: unknown", "broken.json /version: expected a"],
  ],
  ["explain not.json facts.json", 2, [], ["not.json: not JSON: ", "line 1 column 2"]],
  ["explain latin.json facts.json", 2, [], ["latin.json is not UTF-8 text"]],
  ["explain policy.json -", 2, [], ["standard input: not JSON"], ""],
  ["explain policy.json gone.json", 2, [], ["gone.json is not there"]],
  ["explain policy.json folder", 2, [], ["folder is a folder: name a file"]],
  ["explain policy.json", 2, [], ["policy explain takes POLICY FACTS, found 1 files"]],
  ["explain policy.json facts.json --now 0", 2, [], ["only policy check takes --now"]],
  ["check policy.json --now 2026-06-01T00:00:00Z", 0, ["0 errors, 0 warnings, 0 notes\n"]],
  [
    "check policy.json --now 1798000000",
    0,
    ["warning grant_expires_soon at /exchange/0/expires_at\n", "0 errors, 1 warnings, 0 notes"],
  ],
  ["check policy.json --now 2027-01-01T00:00:00Z", 1, ["error grant_expired at /exchange/0/expires_at\n"]],
  [
    "check flawed.json --now 1790000000",
    1,
    [
      "error grant_scope_not_approved at /exchange/0/scope\n    The grant is for exchangeable tokens",
      "note grant_unbounded at /exchange/0\n",
      "1 errors, 1 warnings, 1 notes",
    ],
  ],
  ["check policy.json --now yesterday", 2, [], ["--now: expected seconds since 1970 or as in"]],
  ["check policy.json --now 2026-02-30", 2, [], ["--now: expected"]],
  ["check broken.json", 2, [], ["broken.json /version"]],
  ["check policy.json facts.json", 2, [], ["policy check takes POLICY, found 2 files"]],
  ["test policy.json cases.json", 0, ["✓ b may read\n", "1 passed, 0 failed\n"]],
  [
    "test policy.json failing.json",
    1,
    ["✓ b may read\n", '✗ b may write: expected scope "write", found "read"\n', "1 passed, 1 failed\n"],
  ],
  ["test policy.json empty.json", 2, [], ["empty.json /0/expect: expected outcome, rule"]],
  ["test policy.json policy.json", 2, [], ["policy.json: expected an array, found an object"]],
  ["prove policy.json", 2, [], ["expected policy explain, policy check or policy test, found prove"]],
  ["toString policy.json", 2, [], ["found toString"]],
  ["", 2, [], ["found none"]],
  ["check policy.json --colour", 2, [], ["--colour", "--help"]],
  ["--help", 0, ["Usage:", "edgegrant policy test POLICY CASES", "Exit status"]],
];

export function policyCommands({ test }, hooks) {
  let folder;
  hooks.before(async () => {
    folder = await mkdtemp(join(tmpdir(), "edgegrant-cli-"));
    await mkdir(join(folder, "folder"));
    for (const [name, content] of Object.entries(FILES)) await writeFile(join(folder, name), textOf(content));
  });
  hooks.after(() => rm(folder, { recursive: true, force: true }));

  const run = async (args, input = "") => {
    const child = spawn(process.execPath, [COMMAND, ...args], { cwd: folder });
    const ended = once(child, "close");
    child.stdin.on("error", () => {});
    child.stdin.end(textOf(input));
    const [output, errors] = await Promise.all([text(child.stdout), text(child.stderr)]);
    const [status] = await ended;
    return { status, output, errors };
  };

  for (const [command, status, output, errors = [], input] of TABLE) {
    test(`policy ${command}${input === undefined ? "" : ` < ${textOf(input).slice(0, 20)}`}`, async (assert) => {
      const found = await run(["policy", ...command.split(" ").filter(Boolean)], input);
      assert.strictEqual(found.status, status, JSON.stringify(found));
      for (const part of output) assert.true(found.output.includes(part), `${part} in ${found.output}`);
      for (const part of errors) assert.true(found.errors.includes(part), `${part} in ${found.errors}`);
      if (errors.length === 0) assert.strictEqual(found.errors, "");
      if (output.length === 0) assert.strictEqual(found.output, "");
      assert.false(/^ +at .*:\d+/m.test(found.errors), found.errors);
    });
  }

  test("other commands", async (assert) => {
    for (const [args, status, part] of [
      [[], 2, "a command is missing"],
      [["polcy", "check"], 2, "there is no command polcy"],
      [["--help"], 0, "Usage:"],
    ]) {
      const found = await run(args);
      assert.strictEqual(found.status, status);
      assert.true((found.output + found.errors).includes(part), JSON.stringify(found));
    }
  });

  test("--json answers with data", async (assert) => {
    const json = async (command) => {
      const { status, output, errors } = await run(["policy", ...command.split(" "), "--json"]);
      assert.strictEqual(errors, "");
      return [status, JSON.parse(output)];
    };
    const [, decision] = await json("explain policy.json facts.json");
    assert.deepEqual([decision.outcome, decision.granted.scope], ["granted", "read"]);
    const [refused, { outcome, missing }] = await json("explain policy.json refused.json");
    assert.deepEqual([refused, outcome, missing.length], [1, "refused", 3]);
    const [, findings] = await json("check flawed.json --now 1790000000");
    assert.deepEqual(
      findings.map(({ code }) => code),
      ["grant_scope_not_approved", "grant_all_scopes", "grant_unbounded"],
    );
    const [failed, results] = await json("test policy.json failing.json");
    assert.deepEqual([failed, ...results.map(({ passed }) => passed)], [1, true, false]);
    const [unread, { mistakes }] = await json("check broken.json");
    assert.strictEqual(unread, 2);
    assert.deepEqual(
      mistakes.map(({ pointer }) => pointer),
      ["/policy/extra", "/policy/version"],
    );
  });

  test("the clock counts where --now is not said", async (assert) => {
    const ended = { ...POLICY, exchange: [{ ...GRANT, expires_at: "2020-01-01T00:00:00Z" }] };
    const { status, output } = await run(["policy", "check", "-"], ended);
    assert.strictEqual(status, 1);
    assert.true(output.includes("grant_expired"), output);
  });

  test("a reader that stops early is no failure", async (assert) => {
    const child = spawn(process.execPath, [COMMAND, "--help"], { stdio: ["ignore", "pipe", "pipe"] });
    child.stdout.destroy();
    const [errors, [status]] = await Promise.all([text(child.stderr), once(child, "close")]);
    assert.deepEqual([status, errors], [0, ""]);
  });
}

function textOf(content) {
  return typeof content === "string" || Buffer.isBuffer(content) ? content : JSON.stringify(content);
}
