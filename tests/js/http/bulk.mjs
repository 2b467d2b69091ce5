// Exchangeable tokens in bulk: as many as one call may ask for, of ids that are hard to bear, and a client that goes away.

import { request } from "node:http";
import { Channel } from "./channel.mjs";
import { Governed, member } from "./governed.mjs";
import { decode, tokenRequest } from "./wire.mjs";

/** Ids that JSON, JavaScript or a log might not bear. */
const IDS = {
  "a JSON object": '{"a":["b",null]}',
  "quotes and backslashes": '"\\"\\\\"',
  "control characters": "\u0000\u0001\b\f\n\r\t\u001f\u007f\u0085",
  "line separators": "a\u2028b\u2029c",
  emoji: "👩‍👩‍👧‍👦🔑",
  "255 bytes of emoji and three letters": `abc${"🔑".repeat(63)}`,
  "a space": " ",
  "spaces around": "  a  ",
  "right to left": "\u202eabc\u05d0",
  "not normalised": "e\u0301",
  "a mark of byte order": "\ufeffa",
  "beyond the planes": "\u{10ffff}\u{1f600}\ufffe",
  "a name of every object": "__proto__",
  another: "constructor",
  "a number": "1",
  markup: "</script><script>alert(1)</script>",
  "a URL": "https://example.com/?a=b&c=%20#d",
  "a comma": "a,b",
};

const LONGEST = 10_000;
/** Of 255 bytes each, in no order that a map would have. */
const ids = (count) => Array.from({ length: count }, (_, n) => `${(n * 7919) % count}:`.padEnd(255, "x"));

async function expectBulk(assert, channel, count) {
  const members = ids(count);
  const body = JSON.stringify(members);
  assert.true(body.length < 4 * 1024 * 1024, `${body.length} bytes`);
  const { text, tokens } = await channel.generate(assert, body);
  assert.true([...tokens.keys()].join() === members.join(), "the order of the request");
  assert.strictEqual(text.match(/":"/g).length, count, "each name once");
  const [jtis, shared] = [new Set(), new Set()];
  for (const [member, token] of tokens) {
    const { sub, jti, ...claims } = decode(token).payload;
    if (sub !== member) assert.strictEqual(sub, member);
    jtis.add(jti);
    shared.add(JSON.stringify(claims));
  }
  assert.deepEqual([jtis.size, shared.size], [count, 1], "different ids, and one expiry");
  return tokens;
}

/** Of the issuer's usual key: as many as the runtime signs in a few seconds. */
export function bulk({ test }, server, { quick }) {
  const count = quick ? LONGEST : 1_000;
  test(`${count} ids of 255 bytes, RS256`, (assert) => expectBulk(assert, new Channel(server), count));
}

export function hardBulk({ test }, server) {
  const channel = new Governed(server, "decathlon");

  for (const [name, id] of Object.entries(IDS)) {
    test(`an id that is ${name}`, async (assert) => {
      await channel.publish();
      await channel.operate("putSubject", id, { active: true });
      const { text, tokens } = await channel.generate(assert, [id, "another"]);
      assert.deepEqual([...tokens.keys()].sort(), [id, "another"].sort());
      assert.true(text.startsWith(`{${JSON.stringify(id)}:"`), text.slice(0, 300));
      assert.strictEqual(decode(tokens.get(id)).payload.sub, id);
      const { payload } = await server.issue(assert, channel.redemption(tokens.get(id)));
      assert.strictEqual(payload.sub, id);
    });
  }

  test("the order of the request, also of ids that are numbers", async (assert) => {
    await channel.publish();
    const { text } = await channel.generate(assert, ["b", "2", "a", "10", "1"]);
    const names = [...text.matchAll(/"([^"]+)":/g)].map(([, name]) => name);
    assert.deepEqual(names, ["b", "2", "a", "10", "1"]);
  });

  test(`1, 9,999 and ${LONGEST} ids of 255 bytes`, async (assert) => {
    await channel.publish();
    for (const count of [1, LONGEST - 1, LONGEST]) await expectBulk(assert, channel, count);
  });

  test(`the first, one in the middle and the last of ${LONGEST} can be redeemed`, async (assert) => {
    await channel.publish();
    const members = ids(LONGEST);
    const { tokens } = await channel.generate(assert, members);
    for (const id of [members[0], members[LONGEST / 2], members[LONGEST - 1]]) {
      await channel.operate("putSubject", id, { active: true });
      assert.strictEqual((await server.issue(assert, channel.redemption(tokens.get(id)))).payload.sub, id);
    }
  });

  test("a client that goes away half-way leaves nothing behind", async (assert) => {
    const quota = 1_000_000;
    const grants = (pair) => [{ ...pair("exchangeable_token"), quota }, pair("token_exchange", "redeemer")];
    await channel.publish({ grants });
    const sub = await member(channel);
    await channel.generate(assert, [sub]);
    const body = JSON.stringify(ids(LONGEST));
    const before = await channel.records();
    for (let times = 0; times < 5; times++) {
      const received = await leave(server.origin, await channel.generation(assert, { body }));
      assert.true(received.startsWith('{"'), received.slice(0, 80));
    }
    const after = await channel.records();
    const isQuota = (record) => record.startsWith("quota/");
    assert.deepEqual(
      after.filter((record) => !isQuota(record)),
      before.filter((record) => !isQuota(record)),
    );
    assert.strictEqual(after.filter(isQuota).length, before.filter(isQuota).length);

    const token = await channel.exchangeable(assert, sub);
    assert.strictEqual((await server.issue(assert, channel.redemption(token))).payload.sub, sub);
    const { text } = await server.send({ path: "/_test/harm" });
    assert.strictEqual(text, '{"traps":0,"unhandled":0}');
  });

  test("a client that goes away before its body has ended", async (assert) => {
    await channel.publish();
    const given = await channel.generation(assert, { headers: { "content-length": 1000 } });
    for (let times = 0; times < 5; times++) await leaveEarly(server.origin, given);
    await channel.generate(assert, ["somebody"]);
    const { status } = await server.send(tokenRequest(server.env));
    assert.strictEqual(status, 200);
  });
}

function begin(origin, { method, path, headers }) {
  const { hostname, port } = new URL(origin);
  return request({ hostname, port, method, path, headers, agent: false });
}

/** Reads the first part of an answer, and breaks the connection. */
function leave(origin, given) {
  const { promise, resolve, reject } = withResolvers();
  const outgoing = begin(origin, given);
  outgoing.once("response", (response) => {
    response.once("data", (part) => {
      outgoing.destroy();
      resolve(String(part));
    });
    response.on("error", () => {});
  });
  outgoing.on("error", reject);
  outgoing.end(given.body);
  return promise;
}

/** Sends less than was declared, and breaks the connection. */
function leaveEarly(origin, given) {
  const { promise, resolve } = withResolvers();
  const outgoing = begin(origin, given);
  outgoing.on("error", resolve).on("close", resolve);
  outgoing.write(given.body, () => outgoing.destroy());
  return promise;
}

/** `Promise.withResolvers`, which Node 20 has not. */
function withResolvers() {
  const made = {};
  made.promise = new Promise((resolve, reject) => Object.assign(made, { resolve, reject }));
  return made;
}
