// Sends HTTP requests as they are written: nothing is normalised, added or followed on the way.

import { request } from "node:http";

/** The longest wait for an answer, milliseconds. */
const DEADLINE = 30_000;

/**
 * Sends one request on a connection of its own. `path` is the request target, sent as it is. `body`: text or
 * bytes; `chunked`: of undeclared length; `unsent`: the body is declared by its headers but never comes.
 */
export function send(
  origin,
  { method = "GET", path = "/", headers = {}, body, chunked = false, unsent = false },
) {
  const { hostname, port } = new URL(origin);
  const framing = body === undefined || chunked ? {} : { "content-length": Buffer.byteLength(body) };
  const options = { hostname, port, method, path, headers: { ...framing, ...headers }, agent: false };
  return new Promise((resolve, reject) => {
    const asked = request({ ...options, timeout: DEADLINE }, (response) => {
      const parts = [];
      response.on("data", (part) => parts.push(part));
      response.on("error", reject);
      response.on("end", () => {
        asked.destroy();
        const { statusCode: status, headers: fields } = response;
        resolve({ status, headers: fields, text: Buffer.concat(parts).toString("utf8") });
      });
    });
    asked.on("timeout", () => asked.destroy(new Error(`no answer to ${method} ${path} in ${DEADLINE} ms`)));
    // Where the server answers before it has read all of the body, the answer is what counts.
    asked.on("error", reject);
    if (unsent) asked.flushHeaders();
    else asked.end(body);
  });
}
