/**
 * Serves a deployment from `node:http`, without the detour over `Request` and `Response`, which in Node
 * costs more than all the rest of a request.
 */

import type { IncomingMessage, RequestListener, ServerResponse } from "node:http";
import type { HttpRequest, Service } from "../types.ts";

/** A listener for `createServer`. It never throws; a client that goes away is forgotten. */
export function listener(service: Service): RequestListener {
  return (incoming, outgoing) => {
    respond(service, incoming, outgoing).catch(() => {
      if (outgoing.headersSent) outgoing.destroy();
      else outgoing.writeHead(500).end();
    });
  };
}

async function respond(service: Service, incoming: IncomingMessage, outgoing: ServerResponse): Promise<void> {
  const { method = "GET" } = incoming;
  const { path, query } = split(incoming.url ?? "/");
  const bare = method === "GET" || method === "HEAD";
  const body = bare ? NOTHING : await readBody(incoming, service.bodyLimit(path));
  if (body === "unreadable") return;

  const answer = await service.answer({ method, path, query, headers: headersOf(incoming), body });

  const fields = answer.headers.flat();
  // What was not read must not be taken for the next request.
  if (body === "over_limit") fields.push("connection", "close");
  if (typeof answer.body !== "string") {
    outgoing.writeHead(answer.status, fields);
    if (method !== "HEAD") return pipe(answer.body, outgoing);
    await answer.body.cancel();
    outgoing.end();
    return;
  }
  fields.push("content-length", String(Buffer.byteLength(answer.body)));
  outgoing.writeHead(answer.status, fields);
  if (body === "over_limit") {
    outgoing.write(answer.body);
    await silent(incoming);
  }
  outgoing.end(method === "HEAD" || body === "over_limit" ? undefined : answer.body);
}

/** What is read of a body that is too long, and thrown away, bytes. */
const LONGEST_LINGERING = 16 * 1024 * 1024;

/**
 * Resolves when the client has sent what it wanted to, went away, or does not cease. RFC 9112 §9.6: to close on a
 * client that still sends would reset the connection, and might lose it the answer.
 */
function silent(incoming: IncomingMessage): Promise<void> {
  return new Promise((resolve) => {
    let left = LONGEST_LINGERING;
    incoming.on("data", (part: Buffer) => {
      left -= part.byteLength;
      if (left < 0) resolve();
    });
    incoming.once("end", resolve).once("close", resolve).once("error", resolve);
    incoming.resume();
  });
}

/** The path as received; absolute-form (RFC 9112 §3.2.2) is for proxies, but servers must take it. */
function split(target: string): { path: string; query: string } {
  if (!target.startsWith("/")) {
    if (!URL.canParse(target)) return { path: target, query: "" };
    const { pathname, search } = new URL(target);
    return { path: pathname, query: search.slice(1) };
  }
  const mark = target.indexOf("?");
  if (mark < 0) return { path: target, query: "" };
  return { path: target.slice(0, mark), query: target.slice(mark + 1) };
}

/** Node keeps the first of two fields of some of these names and drops the other; the core is to see both. */
function headersOf({ rawHeaders }: IncomingMessage): HttpRequest["headers"] {
  const headers: HttpRequest["headers"] = {};
  for (let i = 0; i + 1 < rawHeaders.length; i += 2) {
    const name = rawHeaders[i]?.toLowerCase();
    if (name !== "authorization" && name !== "content-type" && name !== "x-api-key") continue;
    const before = headers[name];
    headers[name] = before === undefined ? `${rawHeaders[i + 1]}` : `${before}, ${rawHeaders[i + 1]}`;
  }
  return headers;
}

const NOTHING = { bytes: new Uint8Array(0) };

/** Reads at most `limit` bytes; `"unreadable"`: the client went away. */
function readBody(incoming: IncomingMessage, limit: number): Promise<HttpRequest["body"] | "unreadable"> {
  return new Promise((resolve) => {
    if (Number(incoming.headers["content-length"] ?? 0) > limit) return resolve("over_limit");
    const parts: Buffer[] = [];
    let length = 0;
    incoming.on("data", (part: Buffer) => {
      length += part.byteLength;
      if (length <= limit) {
        parts.push(part);
      } else {
        incoming.pause();
        incoming.removeAllListeners("data");
        resolve("over_limit");
      }
    });
    incoming.once("end", () =>
      resolve({ bytes: parts[0] && parts.length === 1 ? parts[0] : Buffer.concat(parts) }),
    );
    incoming.once("error", () => resolve("unreadable"));
    incoming.once("close", () => resolve("unreadable"));
  });
}

async function pipe(body: ReadableStream<Uint8Array>, outgoing: ServerResponse): Promise<void> {
  const reader = body.getReader();
  // To cancel a stream that has failed is to fail once more, and there is nobody left to tell.
  const gone = () => void reader.cancel().catch(() => {});
  outgoing.once("close", gone);
  for (let next = await reader.read(); !next.done; next = await reader.read()) {
    if (!outgoing.write(next.value)) await drained(outgoing);
  }
  outgoing.off("close", gone);
  outgoing.end();
}

/** Resolves when more can be written, or nobody is left to write to. */
function drained(outgoing: ServerResponse): Promise<void> {
  return new Promise((resolve) => {
    const done = () => {
      outgoing.off("drain", done).off("close", done);
      resolve();
    };
    outgoing.on("drain", done).on("close", done);
  });
}
