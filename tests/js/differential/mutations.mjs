// Good tokens, spoilt in their octets and in their text: before they are signed, and after.

import fc from "fast-check";
import { ALGS, base64url, kindOf, octets, signature } from "./keys.mjs";
import { alg, CLAIMS, header, key, mildRules, NOW, rulesOf } from "./tokens.mjs";

const one = (...values) => fc.constantFrom(...values);
const place = fc.double({ min: 0, max: 1, maxExcluded: true, noNaN: true });
const at = (text, where) => Math.floor(where * text.length);
const BOM = "\ufeff";

const SPACE = [" ", "\n", "\t", "\r\n", "\f", "\v", "\0", "\u00a0", BOM];
const NAMES = [
  '"x"',
  '"__proto__"',
  '"constructor"',
  '"hasOwnProperty"',
  '""',
  '"\\u0000"',
  '"\\ud800"',
  "x",
  "'x'",
];
const VALUES = [
  ...["01", "+1", ".5", "1.", "NaN", "Infinity", "0x1", "-", "1e", "-0", "1E+5", "1e-400", "1e400", "-1e400"],
  ...["123456789012345678901234567890", "0.1000000000000000055511151231257827", "9007199254740993", "5e-324"],
  ...[
    '"\\ud800"',
    '"\\udc00"',
    '"\\udc00\\ud800"',
    '"\\ud83d\\ude00"',
    '"\\x41"',
    '"\\u00"',
    '"\n"',
    '"\\/"',
    "'a'",
  ],
  ...[
    "tru",
    "null",
    "undefined",
    "[1,]",
    "{a:1}",
    '{"a":1,}',
    "/**/1",
    '{"a":1,"a":2}',
    '[{"a":1,"\\u0061":1}]',
  ],
];
/** UTF-8, and what is not. */
const RAW = [
  "c3a9",
  "f09f9880",
  "ed9fbf",
  "ff",
  "80",
  "c0af",
  "eda080",
  "f4908080",
  "c3",
  "efbbbf",
  "e2808b",
  "7f",
];

/** The text of an object with one more member before the others. */
const before = (text, more) => text.replace("{", `{${more},`);
const nested = (depth, [open, close]) => open.repeat(depth) + close.repeat(depth).replace(/^\}/, "1}");

/** On the JSON text of header or claims; `latin1`, so that any octets can stand in it. */
const JSON_TEXT = {
  twice: [(text, index, same) => before(text, again(text, index, same)), fc.nat(8), fc.boolean()],
  lead: [(text, lead) => lead + text, one(...SPACE.map(utf8), "//\n", "x", "[")],
  trail: [(text, trail) => text + trail, one(...SPACE.map(utf8), "{}", "x", ",", "}", "null", "//")],
  member: [(text, name, value) => before(text, `${name}:${value}`), one(...NAMES), one(...VALUES)],
  value: [(text, value) => before(text, `"x":${value}`), one(...VALUES)],
  raw: [(text, hex) => before(text, `"x":"${Buffer.from(hex, "hex").toString("latin1")}"`), one(...RAW)],
  nested: [
    (text, depth, brackets) => before(text, `"x":${nested(depth, brackets)}`),
    fc.oneof(fc.integer({ min: 1, max: 70 }), one(62, 63, 64, 65, 500)),
    one(["[", "]"], ['{"a":', "}"]),
  ],
  long: [
    (text, length) => before(text, `"x":"${"a".repeat(length)}"`),
    fc.oneof(fc.nat(12_500), fc.integer({ min: 11_000, max: 12_500 })),
  ],
  whole: [
    (text, whole) => whole(text),
    one(
      (t) => `[${t}]`,
      JSON.stringify,
      () => "",
      () => "null",
      () => "{}",
    ),
  ],
  time: [
    (text, name, offset, digits) => text.replace(/"iat":\d+/, `"${name}":${NOW + offset}.${digits}`),
    one("iat", "nbf"),
    fc.integer({ min: -1, max: 1 }),
    fc.stringMatching(/^[09]{1,24}[0-9]$/),
  ],
  end: [
    (text, offset, digits) => text.replace(/"exp":\d+/, `"exp":${NOW + offset}${digits}`),
    fc.integer({ min: -1, max: 1 }),
    fc.oneof(fc.stringMatching(/^\.[09]{1,24}[0-9]$/), one(".0", "e0", "E-0", ".0e0", "00e-2")),
  ],
  bit: [flipBit, place, fc.nat(6)],
  drop: [(text, where) => text.slice(0, at(text, where)) + text.slice(at(text, where) + 1), place],
  insert: [
    (text, where, octet) =>
      text.slice(0, at(text, where)) + String.fromCharCode(octet) + text.slice(at(text, where)),
    place,
    fc.nat(255),
  ],
};

/** On the text of a segment; what it stands for stays the same, or nearly. */
const SEGMENT = {
  padded: [(text) => text + "=".repeat((4 - (text.length % 4)) % 4)],
  equals: [(text, sign) => text + sign, one("=", "==", "===", "%3D")],
  space: [
    (text, where, space) => text.slice(0, at(text, where)) + space + text.slice(at(text, where)),
    place,
    one(...SPACE),
  ],
  around: [(text, space, trails) => (trails ? text + space : space + text), one(...SPACE), fc.boolean()],
  alphabet: [(text) => text.replace(/-/g, "+").replace(/_/g, "/")],
  bits: [unusedBits, fc.integer({ min: 1, max: 15 })],
  letter: [(text, letter) => text + letter, one("A", "_", "é", "*")],
};

/** On the text of a token. */
const WHOLE = {
  around: [
    (text, space, trails) => (trails ? text + space : space + text),
    one(...SPACE, "Bearer ", ",", "."),
    fc.boolean(),
  ],
  segments: [
    (text, choice) => choice.map((index) => text.split(".")[index] ?? "").join("."),
    fc.array(fc.nat(3), { maxLength: 5 }),
  ],
  flip: [flipBit, place, fc.nat(6)],
  cut: [(text, length) => text.slice(0, -length), fc.integer({ min: 1, max: 30 })],
  signature: [
    (text, change) => text.replace(/[^.]*$/, (sig) => base64url(change(octets(sig)))),
    one(
      (sig) => sig.subarray(1),
      (sig) => sig.subarray(0, -1),
      (sig) => Buffer.concat([sig, Buffer.from([0])]),
      (sig) => Buffer.concat([Buffer.from([0]), sig]),
      (sig) => Buffer.alloc(sig.length),
      (sig) => Buffer.alloc(sig.length, 255),
      (sig) => Buffer.concat([sig.subarray(sig.length / 2), sig.subarray(0, sig.length / 2)]),
      (sig) => Buffer.concat([sig, sig]),
      () => Buffer.alloc(0),
    ),
  ],
};

/** One of a table's mutations, ready to be applied; what is printed of it is its name and arguments. */
const from = (table) =>
  fc.oneof(
    ...Object.entries(table).map(([name, [change, ...args]]) =>
      fc.tuple(...args).map((values) =>
        Object.assign((text) => change(text, ...values), {
          [fc.toStringMethod]: () => `${name}(${fc.stringify(values)})`,
        }),
      ),
    ),
  );
const jsonText = from(JSON_TEXT);
const segment = from(SEGMENT);
const none = fc.constant((text) => text);
const plan = (kinds) =>
  fc.record({
    headerText: none,
    claimsText: none,
    segments: fc.tuple(none, none, none),
    whole: none,
    ...kinds,
  });

const spoilt = fc.oneof(
  { weight: 3, arbitrary: plan({ headerText: jsonText }) },
  { weight: 5, arbitrary: plan({ claimsText: jsonText }) },
  { weight: 1, arbitrary: plan({ headerText: jsonText, claimsText: jsonText }) },
  { weight: 1, arbitrary: plan({ segments: fc.tuple(segment, none, none) }) },
  { weight: 1, arbitrary: plan({ segments: fc.tuple(none, segment, none) }) },
  { weight: 2, arbitrary: plan({ segments: fc.tuple(none, none, segment) }) },
  { weight: 3, arbitrary: plan({ whole: from(WHOLE) }) },
);

/** Seldom another key of the kind, seldom another algorithm of the key. */
const stranger = fc.oneof({ weight: 19, arbitrary: one("") }, { weight: 1, arbitrary: one(" other") });
const as = fc.oneof({ weight: 9, arbitrary: one(undefined) }, { weight: 1, arbitrary: alg });

export const mutated = fc
  .record({
    name: alg,
    change: spoilt,
    rules: mildRules,
    stranger,
    as,
  })
  .map(({ name, change, rules, stranger: by, as: other }) => {
    const { headerText, claimsText, segments, whole } = change;
    const [first, second, third] = segments;
    const head = first(encoded(headerText(JSON.stringify(header(name)))));
    const input = `${head}.${second(encoded(claimsText(JSON.stringify(CLAIMS))))}`;
    const used = other && kindOf(other) === kindOf(name) ? other : name;
    const made = signature(input, used, kindOf(name) + by);
    return {
      token: whole(`${input}.${third(base64url(made))}`),
      jwks: { keys: [key(kindOf(name))] },
      rules: { ...rulesOf(rules, name), algorithms: rules.all ? ALGS : [name] },
    };
  });

function utf8(text) {
  return Buffer.from(text).toString("latin1");
}

function encoded(latin1) {
  return base64url(Buffer.from(latin1, "latin1"));
}

/** A member that is there already, spelt as before or with an escape; its value the same or another. */
function again(text, index, same) {
  const members = Object.entries(JSON.parse(text));
  const [name, value] = members[index % members.length];
  const code = name.charCodeAt(0).toString(16).padStart(4, "0");
  return `"${same ? name : `\\u${code}${name.slice(1)}`}":${JSON.stringify(same ? value : "other")}`;
}

function flipBit(text, where, bit) {
  const index = at(text, where);
  const flipped = String.fromCharCode(text.charCodeAt(index) ^ (1 << bit));
  return text.slice(0, index) + flipped + text.slice(index + 1);
}

/** Sets bits of the last letter that stand for nothing. */
function unusedBits(text, bits) {
  const letters = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_";
  const unused = { 2: 15, 3: 3 }[text.length % 4] ?? 0;
  const last = letters.indexOf(text.at(-1));
  return text.slice(0, -1) + letters[last | (bits & unused)];
}
