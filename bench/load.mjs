// The load, and what it says.
import autocannon from "autocannon";

export const CONNECTIONS = 16;

/** The token request of a bench client, less its origin and issuer. */
export function tokenRequest(secret) {
  return {
    path: "/token",
    method: "POST",
    headers: {
      authorization: `Basic ${Buffer.from(`bench:${secret}`).toString("base64")}`,
      "content-type": "application/x-www-form-urlencoded",
    },
    body: new URLSearchParams({
      grant_type: "client_credentials",
      scope: "orders:read orders:write",
      resource: "https://api.example.com/orders",
    }).toString(),
  };
}

/** Sends one request, `{url, method, headers, body}`. */
export function ask({ url, ...init }) {
  return fetch(url, { ...init, signal: AbortSignal.timeout(5000) });
}

/**
 * Sends `request` for `seconds`, or `amount` times. Throws where an answer is not 200, and where `distinct`
 * asks for it and two answers are alike.
 */
export async function load(request, { seconds, amount, distinct = false }) {
  const latencies = [];
  const bodies = new Set();
  const setupClient = (client) => client.on("body", (body) => bodies.add(String(body)));
  const began = performance.now();
  let ended = began;
  const running = autocannon({
    ...request,
    connections: CONNECTIONS,
    ...(amount === undefined ? { duration: seconds } : { amount }),
    ...(distinct ? { setupClient } : {}),
  });
  running.on("response", (_client, _status, _bytes, milliseconds) => {
    latencies.push(milliseconds);
    ended = performance.now();
  });
  const { errors, statusCodeStats } = await running;
  const bad = Object.keys(statusCodeStats).filter((status) => status !== "200");
  if (errors > 0 || bad.length > 0 || latencies.length === 0) {
    throw new Error(`${request.url}: ${errors} errors, statuses ${JSON.stringify(statusCodeStats)}`);
  }
  if (distinct && bodies.size !== latencies.length) {
    throw new Error(`${request.url}: ${latencies.length} answers, ${bodies.size} different ones`);
  }
  latencies.sort((a, b) => a - b);
  return {
    count: latencies.length,
    rate: (latencies.length / (ended - began)) * 1000,
    p50: quantile(latencies, 0.5),
    p99: quantile(latencies, 0.99),
  };
}

export function median(values) {
  return quantile(
    [...values].sort((a, b) => a - b),
    0.5,
  );
}

/** Of values in order. */
export function quantile(sorted, q) {
  return sorted[Math.min(sorted.length - 1, Math.floor(sorted.length * q))];
}
