// One call after the other, and what each of them takes.
import { Agent, request as send } from "node:http";

/** A connection for each: after an answer of some seconds, workerd closes one as idle for as long. */
const agent = new Agent({ keepAlive: false });

/** Milliseconds from the request to the first octet of the body and to its end; the body. Throws unless it is 200. */
export function call({ url, method = "GET", headers = {}, body }) {
  return new Promise((resolve, reject) => {
    const octets = body === undefined ? undefined : Buffer.from(body);
    const length = octets === undefined ? {} : { "content-length": octets.byteLength };
    let first;
    const began = performance.now();
    const request = send(url, { method, agent, headers: { ...headers, ...length } }, (response) => {
      const parts = [];
      response.on("data", (part) => {
        first ??= performance.now() - began;
        parts.push(part);
      });
      response.on("error", reject);
      response.on("end", () => {
        const wall = performance.now() - began;
        const text = Buffer.concat(parts).toString();
        if (response.statusCode === 200) resolve({ first, wall, text });
        else reject(new Error(`${url}: ${response.statusCode} ${text.slice(0, 500)}`));
      });
    });
    request.on("error", reject);
    request.end(octets);
  });
}
