// Client authentication by a secret: in the header, in the body, in the query, and in several of them.

import { assertionForm } from "./assertion.mjs";
import { basic, encodeAll, GRANT, tokenRequest } from "./wire.mjs";

const base64 = (text, encoding = "utf8") => Buffer.from(text, encoding).toString("base64");
const FAILED = [401, "invalid_client"];
const TWO_WAYS = [400, "invalid_request"];

/** Each a value of the Authorization header, or what makes one of the environment. */
const BAD_BASIC = {
  "scheme alone": "Basic",
  "scheme and spaces": "Basic   ",
  "not base64": "Basic !!!!",
  "another alphabet": `Basic ${base64("demo:\u07ff\u07ff\u07ff").replaceAll("+", "-").replaceAll("/", "_")}`,
  "a space inside": "Basic ZGVt bzp4",
  "too many pads": "Basic ZGVtbzp4===",
  "bits left over": "Basic ZGVtbzp5eR==",
  "no colon": `Basic ${base64("demo")}`,
  "nothing but a colon": `Basic ${base64(":")}`,
  "no client": ({ CLIENT_SECRET }) => basic("", CLIENT_SECRET),
  "no secret": basic("demo", ""),
  "wrong secret": basic("demo", "wrong"),
  "secret and more": ({ CLIENT_SECRET }) => basic("demo", `${CLIENT_SECRET}x`),
  "secret cut": ({ CLIENT_SECRET }) => basic("demo", CLIENT_SECRET.slice(0, -1)),
  "another client's secret": ({ OTHER_CLIENT_SECRET }) => basic("demo", OTHER_CLIENT_SECRET),
  "client in upper case": ({ CLIENT_SECRET }) => basic("DEMO", CLIENT_SECRET),
  "client with a NUL": ({ CLIENT_SECRET }) => basic("demo%00", CLIENT_SECRET),
  "unknown client": basic("nobody", "x"),
  "not UTF-8": basic("demo", "\xff", "latin1"),
  "not UTF-8, encoded": basic("demo", "%ff"),
  "not form-encoded": (env) => basic(env.ODD_CLIENT_ID, env.ODD_CLIENT_SECRET),
  "very long": `Basic ${base64("x:".repeat(3000))}`,
  "another scheme": "Bearer abc",
  "a scheme like it": "Basicx ZGVtbzp4",
  "two in one": ({ CLIENT_SECRET }) => `${basic("demo", CLIENT_SECRET)}, ${basic("demo", CLIENT_SECRET)}`,
  "two headers": ({ CLIENT_SECRET }) => Array(2).fill(basic("demo", CLIENT_SECRET)),
  empty: "",
  none: null,
};

/** From the environment: options of `tokenRequest`, and what is answered. */
const OTHERS = {
  "in the query, the secret": (env) => [{ path: `/token?client_secret=${env.CLIENT_SECRET}` }, ...TWO_WAYS],
  "in the query alone": (env) => [
    { auth: null, path: `/token?client_id=demo&client_secret=${env.CLIENT_SECRET}` },
    ...TWO_WAYS,
  ],
  "in the query, encoded": () => [{ path: `/token?${encodeAll("client_secret")}=x` }, ...TWO_WAYS],
  "in the query, twice": () => [{ path: "/token?client_secret=x&client_secret=x" }, ...TWO_WAYS],
  "in the query, among what does not decode": () => [{ path: "/token?y=%ff&client_secret=x" }, ...TWO_WAYS],
  "in the query, an assertion": () => [{ path: "/token?client_assertion=x" }, ...TWO_WAYS],
  "header and secret": (env) => [{ form: `${GRANT}&client_secret=${env.CLIENT_SECRET}` }, ...TWO_WAYS],
  "header and assertion": () => [{ form: assertionForm("a.b.c") }, ...TWO_WAYS],
  "header and assertion type": () => [{ form: `${GRANT}&client_assertion_type=x` }, ...TWO_WAYS],
  "secret and assertion": () => [
    { auth: null, form: `${assertionForm("a.b.c")}&client_secret=x` },
    ...TWO_WAYS,
  ],
  "header and another client_id": () => [{ form: `${GRANT}&client_id=other` }, ...TWO_WAYS],
  "a secret without a client": () => [{ auth: null, form: `${GRANT}&client_secret=x` }, ...TWO_WAYS],
  "an assertion of another type": () => [
    { auth: null, form: assertionForm("a.b.c").replace("jwt-bearer", "saml2-bearer") },
    ...TWO_WAYS,
  ],
  "in the body, registered for the header": (env) => [
    { auth: null, form: `${GRANT}&client_id=demo&client_secret=${env.CLIENT_SECRET}` },
    ...FAILED,
  ],
  "in the header, registered for the body": (env) => [{ auth: basic("post", env.CLIENT_SECRET) }, ...FAILED],
  "in the header, registered for a key": (env) => [{ auth: basic("jwt", env.CLIENT_SECRET) }, ...FAILED],
  "a name alone, registered for a key": () => [{ auth: null, form: `${GRANT}&client_id=jwt` }, ...FAILED],
  "not authorized yet": (env) => [{ auth: basic("pending", env.CLIENT_SECRET) }, ...FAILED],
  "a public client": () => [{ auth: null, form: `${GRANT}&client_id=public` }, 400, "unauthorized_client"],
};

export function authentication({ test }, server) {
  for (const [name, value] of Object.entries(BAD_BASIC)) {
    test(`bad Basic: ${name}`, async (assert) => {
      const auth = typeof value === "function" ? value(server.env) : value;
      await server.refuse(assert, tokenRequest(server.env, { auth }), ...FAILED);
    });
  }

  for (const [name, make] of Object.entries(OTHERS)) {
    test(`refused: ${name}`, async (assert) => {
      const [options, status, error] = make(server.env);
      await server.refuse(assert, tokenRequest(server.env, options), status, error);
    });
  }

  test("a wrong secret and an unknown client are answered alike", async (assert) => {
    const answers = ["demo", "nobody", "post", "pending", "public"].map(async (client) => {
      const request = tokenRequest(server.env, { auth: basic(client, "wrong") });
      const { status, text, headers } = await server.refuse(assert, request, ...FAILED);
      return [status, text, headers["www-authenticate"]];
    });
    const [first, ...others] = await Promise.all(answers);
    for (const other of others) assert.deepEqual(other, first);
  });

  test("good", async (assert) => {
    const { CLIENT_SECRET: secret, ODD_CLIENT_ID: odd, ODD_CLIENT_SECRET: oddSecret } = server.env;
    const form = (text) => String(new URLSearchParams({ text })).slice("text=".length);
    const plain = basic("demo", secret);
    for (const [client, options] of [
      ["demo", { auth: plain.replace("Basic", "bAsIC") }],
      ["demo", { auth: plain.replace("Basic ", "Basic   ") }],
      ["demo", { auth: plain.replace(/=+$/, "") }],
      ["demo", { auth: basic(encodeAll("demo"), encodeAll(secret)) }],
      ["demo", { form: `${GRANT}&client_id=demo` }],
      ["demo", { form: `${GRANT}&client_secret=&client_assertion=&client_assertion_type=` }],
      [odd, { auth: basic(encodeAll(odd), encodeAll(oddSecret)) }],
      [odd, { auth: basic(form(odd), form(oddSecret)) }],
      [odd, { auth: basic(encodeURIComponent(odd), encodeURIComponent(oddSecret)) }],
      ["post", { auth: null, form: `${GRANT}&client_id=post&client_secret=${encodeAll(secret)}` }],
    ]) {
      assert.strictEqual((await server.issue(assert, options)).payload.sub, client, JSON.stringify(options));
    }
  });
}
