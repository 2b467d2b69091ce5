/** Between the web's `Request` and `Response` and the core's plain shapes. */

import { type Driver, refusal, serverError } from "./drive.ts";
import type { Answer, Context, HttpRequest } from "./types.ts";

const UTF8 = new TextEncoder();
const NOTHING = { bytes: new Uint8Array(0) };

/** Answers `request`. Never rejects. */
export async function handle(driver: Driver, request: Request, context?: Context): Promise<Response> {
  try {
    const { method, headers } = request;
    const target = parse(request, headers);
    if (target === undefined)
      return toResponse(request, refusal(400, "invalid_request", "The Host is malformed."));
    const bare = method === "GET" || method === "HEAD";
    const body = bare ? NOTHING : await readBody(request, headers, driver.bodyLimit(target.path));
    if (body === "unreadable") {
      return toResponse(request, refusal(400, "invalid_request", "The body could not be read to its end."));
    }
    const read: HttpRequest["headers"] = {};
    const authorization = headers.get("authorization");
    if (authorization !== null) read.authorization = authorization;
    const contentType = headers.get("content-type");
    if (contentType !== null) read["content-type"] = contentType;
    const apiKey = headers.get("x-api-key");
    if (apiKey !== null) read["x-api-key"] = apiKey;
    return toResponse(request, await driver.open({ method, ...target, headers: read, body }, context));
  } catch {
    return toResponse(request, serverError());
  }
}

const HOST = /^[\w.~%:[\]-]*$/;

/**
 * Path and query. RFC 9112 §3.2: a Host that is none is answered 400. Some runtimes put it into the URL as
 * it is, where `example.com/other` would make another path of it. After that the URL, which the runtime
 * wrote, need not be parsed once more, which costs as much as all the headers.
 */
function parse(request: Request, headers: Headers): Pick<HttpRequest, "path" | "query"> | undefined {
  if (!HOST.test(headers.get("host") ?? "")) return undefined;
  try {
    const { url } = request;
    const path = url.indexOf("/", url.indexOf("://") + 3);
    const mark = url.indexOf("?", path);
    if (mark < 0) return { path: url.slice(path), query: "" };
    return { path: url.slice(path, mark), query: url.slice(mark + 1) };
  } catch {
    return undefined;
  }
}

function toResponse(request: Request, { status, headers, body }: Answer): Response {
  if (request.method === "HEAD") {
    if (typeof body !== "string") body.cancel().catch(() => {});
    else headers = [...headers, ["content-length", String(UTF8.encode(body).byteLength)]];
    return new Response(null, { status, headers });
  }
  // A response with status 204 or 304 may not even have an empty body (Fetch §5.5).
  return new Response(body === "" ? null : body, { status, headers });
}

/** Reads at most `limit` bytes; `"unreadable"`: the client went away, or broke its own framing. */
async function readBody(
  request: Request,
  headers: Headers,
  limit: number,
): Promise<HttpRequest["body"] | "unreadable"> {
  try {
    const declared = headers.get("content-length");
    if (declared !== null && Number(declared) > limit) return refuseBody(request);
    // The runtime ends a body of declared length there (RFC 9112 §6.3), which spares the counting.
    if (declared !== null && /^\d+$/.test(declared) && !headers.has("transfer-encoding")) {
      const bytes = new Uint8Array(await request.arrayBuffer());
      return bytes.byteLength > limit ? "over_limit" : { bytes };
    }
    return request.body === null ? NOTHING : await readCounting(request.body, limit);
  } catch {
    return "unreadable";
  }
}

function refuseBody(request: Request): "over_limit" {
  request.body?.cancel().catch(() => {});
  return "over_limit";
}

async function readCounting(body: ReadableStream<Uint8Array>, limit: number): Promise<HttpRequest["body"]> {
  const reader = body.getReader();
  const parts: Uint8Array[] = [];
  let length = 0;
  for (;;) {
    const { done, value } = await reader.read();
    if (done) break;
    length += value.byteLength;
    if (length > limit) {
      reader.cancel().catch(() => {});
      return "over_limit";
    }
    parts.push(value);
  }
  const bytes = new Uint8Array(length);
  let offset = 0;
  for (const part of parts) {
    bytes.set(part, offset);
    offset += part.byteLength;
  }
  return { bytes };
}
