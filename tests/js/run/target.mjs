// An endpoint for notifications: `/<name>/<behaviour>,<behaviour>…` behaves to the first request as the first one
// says, and so on, to all further ones as the last. `GET /_seen/<name>?<state>=<n>` tells what came under a name,
// once so many are in that state, or after ten seconds.

import { createServer } from "node:http";

const PATIENCE = 10_000;
const BLOCK = Buffer.alloc(1 << 16);

const BEHAVIOURS = {
  hang: () => {},
  reset: ({ socket }) => socket.destroy(),
  /** A body without an end. */
  endless: ({ response }) => {
    response.writeHead(200);
    const more = () => {
      while (!response.destroyed && response.write(BLOCK));
    };
    response.on("drain", more);
    more();
  },
  redirect: ({ response, name }) => response.writeHead(302, { location: `/${name}/followed` }).end(),
};

/** Starts one on a free port of 127.0.0.1: its `url`, and what ends it. */
export async function target() {
  const seen = new Map();
  const waiting = new Set();
  const of = (name) => seen.get(name) ?? seen.set(name, []).get(name);
  const settle = (entry, state) => {
    if (entry.state === "open") entry.state = state;
    for (const look of waiting) look();
  };
  const server = createServer((request, response) => {
    const { pathname, searchParams } = new URL(request.url, "http://127.0.0.1");
    const [, first, second] = pathname.split("/");
    if (first === "_seen") return tell(response, second, [...searchParams][0]);
    const entry = { path: pathname, headers: request.headers, body: "", state: "open" };
    const number = of(first).push(entry) - 1;
    request.setEncoding("utf8").on("data", (text) => {
      entry.body += text;
    });
    // After `finish` it changes nothing any more.
    response.on("close", () => settle(entry, "closed"));
    response.on("finish", () => settle(entry, "answered"));
    request.on("end", () => {
      settle(entry, "open");
      const steps = second.split(",");
      const step = steps[Math.min(number, steps.length - 1)];
      const behaviour = BEHAVIOURS[step] ?? (() => response.writeHead(Number(step) || 200).end("answer"));
      behaviour({ response, socket: request.socket, name: first });
    });
  });

  function tell(response, name, [state, count]) {
    const look = () => {
      if (of(name).filter((entry) => entry.state === state).length >= Number(count)) end();
    };
    const end = () => {
      waiting.delete(look);
      clearTimeout(timer);
      response.writeHead(200, { "content-type": "application/json" }).end(JSON.stringify(of(name)));
    };
    const timer = setTimeout(end, PATIENCE);
    waiting.add(look);
    look();
  }

  await new Promise((resolve) => server.listen(0, "127.0.0.1", resolve));
  const close = () => {
    server.close();
    server.closeAllConnections();
  };
  return { url: `http://127.0.0.1:${server.address().port}`, close };
}
