// Sends requests over connections that stay open.
import { Agent, request as send } from "node:http";

/** At most `connections` at once. Returns `call({url, method, headers, body})`, which gives `{status, text}`. */
export function client(connections) {
  const agent = new Agent({ keepAlive: true, maxSockets: connections });
  const call = ({ url, method = "GET", headers = {}, body = "" }) =>
    new Promise((resolve, reject) => {
      const length = { "content-length": Buffer.byteLength(body) };
      const request = send(url, { method, agent, headers: { ...headers, ...length } }, (response) => {
        let text = "";
        response.setEncoding("utf8");
        response.on("data", (part) => {
          text += part;
        });
        response.on("error", reject);
        response.on("end", () => resolve({ status: response.statusCode, text }));
      });
      request.on("error", reject);
      request.end(body);
    });
  return Object.assign(call, { close: () => agent.destroy() });
}

/** The text of an answer that must have this status and, in it, these words. */
export function expect({ status, text }, wanted, words = "") {
  if (status === wanted && text.includes(words)) return text;
  throw new Error(`${status}, where ${wanted} ${words} was expected: ${text.slice(0, 300)}`);
}
