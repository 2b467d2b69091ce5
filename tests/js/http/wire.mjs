// Sends HTTP requests as they are written: nothing is normalised, added or followed on the way.

import { request } from "node:http";

/** The longest wait for an answer, milliseconds. */
const DEADLINE = 30_000;

/**
 * Sends one request on a connection of its own and answers `{status, headers, text}`. `path` is the request
 * target as it is sent; `body` is text or bytes. `chunked`: the body's length is not declared; `unsent`: it is
 * declared in `headers`, but no body comes; `unended`: its end does not. `deadline`: the longest wait, milliseconds.
 */
export function send(
  origin,
  { method = "GET", path = "/", headers = {}, body, chunked, unsent, unended, deadline = DEADLINE },
) {
  const { hostname, port } = new URL(origin);
  const framing = body === undefined || chunked ? {} : { "content-length": Buffer.byteLength(body) };
  const options = { hostname, port, method, path, agent: false, timeout: deadline };
  return new Promise((resolve, reject) => {
    const outgoing = request({ ...options, headers: { ...framing, ...headers } }, async (response) => {
      try {
        const parts = await response.toArray();
        const { statusCode: status, headers } = response;
        resolve({ status, headers, text: Buffer.concat(parts).toString() });
      } catch (error) {
        reject(error);
      } finally {
        outgoing.destroy();
      }
    });
    outgoing.on("timeout", () => outgoing.destroy(new Error(`no answer within ${deadline} ms`)));
    outgoing.on("error", (error) => reject(new Error(`${method} ${path}: ${error.message}`)));
    if (unsent) outgoing.flushHeaders();
    else if (unended) outgoing.write(body);
    else outgoing.end(body);
  });
}

/** HTTP Basic, RFC 7617 §2; `user` and `password` are text, or bytes written one a character. */
export function basic(user, password, encoding = "utf8") {
  return `Basic ${Buffer.from(`${user}:${password}`, encoding).toString("base64")}`;
}

/** Form-encodes every byte, which is as good as any other form. */
export function encodeAll(text) {
  return [...Buffer.from(text)].map((byte) => `%${byte.toString(16).padStart(2, "0")}`).join("");
}

export const FORM = "application/x-www-form-urlencoded";
export const GRANT = "grant_type=client_credentials";

/**
 * A token request. `auth`: the Authorization header, by default the demo client's; `null`: none. `form`: the body.
 */
export function tokenRequest(
  env,
  { auth, form = GRANT, type = FORM, headers, path = "/token", ...rest } = {},
) {
  const authorization = auth === undefined ? basic(env.CLIENT_ID, env.CLIENT_SECRET) : auth;
  const given = { authorization, "content-type": type, ...headers };
  const present = Object.fromEntries(Object.entries(given).filter(([, value]) => value !== null));
  return { method: "POST", path, headers: present, body: form, ...rest };
}

/** What a JWT says, unverified: `{header, payload}`; its texts are `parts`. */
export function decode(token) {
  const parts = token.split(".").map((part) => Buffer.from(part, "base64url").toString());
  return { header: JSON.parse(parts[0]), payload: JSON.parse(parts[1]), parts };
}
