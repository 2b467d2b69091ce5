// JWK Sets over real connections to a server that misbehaves, in each runtime that verifies on a server.

import { execFile } from "node:child_process";
import { createServer } from "node:http";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { promisify } from "node:util";
import { gzipSync } from "node:zlib";
import { build } from "esbuild";
import { Miniflare } from "miniflare";

const root = fileURLToPath(new URL("../../..", import.meta.url));
const SET = '{"keys":[]}';
const TOO_LONG = "it is longer than 100000 bytes";
const TOO_LATE = "no answer within 500 ms";

/** How the server answers, by path. */
const ANSWERS = {
  "/set": (response) => response.end(SET),
  "/chunks": (response) => {
    for (const character of SET) response.write(character);
    response.end();
  },
  "/redirect": (response) => response.writeHead(302, { location: "/target" }).end(),
  "/target": (response) => response.end(SET),
  "/hang": () => {},
  "/hang_in_body": (response) => response.writeHead(200, { "content-length": 20 }).write("{"),
  "/endless": (response) => {
    const more = () => response.write("x".repeat(65_536)) && setImmediate(more);
    response.on("drain", more);
    more();
  },
  "/unpacks": (response) =>
    response.writeHead(200, { "content-encoding": "gzip" }).end(gzipSync(Buffer.alloc(20_000_000))),
  "/missing": (response) => response.writeHead(404).end(SET),
};

const EXPECTED = {
  "/set": SET,
  "/chunks": SET,
  "/redirect": "it redirects, and redirects are not followed",
  "/hang": TOO_LATE,
  "/hang_in_body": TOO_LATE,
  "/endless": TOO_LONG,
  "/unpacks": TOO_LONG,
  "/missing": "it answered with status 404",
};

/** A server on a free port while `use(base, hits)` runs; `hits` counts requests by path. */
async function serving(answers, use) {
  const hits = {};
  const server = createServer(({ url }, response) => {
    hits[url] = (hits[url] ?? 0) + 1;
    response.on("error", () => {});
    answers[url](response, hits[url]);
  });
  await new Promise((resolve) => server.listen(0, "127.0.0.1", resolve));
  try {
    await use(`http://127.0.0.1:${server.address().port}`, hits);
  } finally {
    server.closeAllConnections();
    await new Promise((resolve) => server.close(resolve));
  }
}

const outfile = join(root, "target/js-tests/jwks_probe.mjs");
const bundled = () =>
  build({
    entryPoints: [join(root, "tests/js/http/jwks_probe.ts")],
    outfile,
    bundle: true,
    format: "esm",
    platform: "neutral",
    target: "es2022",
    logLevel: "error",
  });

async function inWorker(use) {
  const options = { host: "127.0.0.1", cf: false, compatibilityDate: "2026-04-01", modules: true };
  const miniflare = new Miniflare({ ...options, scriptPath: outfile });
  const ask = (path, base, paths) => {
    const query = new URLSearchParams([["base", base], ...paths.map((name) => ["path", name])]);
    return miniflare.dispatchFetch(`http://127.0.0.1${path}?${query}`);
  };
  try {
    return await use(ask);
  } finally {
    await miniflare.dispose();
  }
}

async function inProcess(command, flags, base) {
  const program = `import { probe } from ${JSON.stringify(outfile)};
    console.log(JSON.stringify(await probe(${JSON.stringify(base)}, ${JSON.stringify(Object.keys(EXPECTED))})));`;
  const env = { ...process.env, DENO_NO_UPDATE_CHECK: "1" };
  const { stdout } = await promisify(execFile)(command, [...flags, program], { env });
  return JSON.parse(stdout);
}

const PROBES = {
  node: (base) => inProcess(process.execPath, ["--input-type=module", "--eval"], base),
  // What `deno eval` runs may do everything.
  deno: (base) => inProcess(join(root, "node_modules/.bin/deno"), ["eval", "--no-config"], base),
  workerd: (base) => inWorker(async (ask) => await (await ask("/probe", base, Object.keys(EXPECTED))).json()),
};

export function jwks({ test }) {
  for (const [runtime, probe] of Object.entries(PROBES)) {
    test(`${runtime}: each misbehaviour is a failure, and ends its connection`, async (assert) => {
      await bundled();
      const closed = [];
      const watched = Object.entries(ANSWERS).map(([path, answer]) => [
        path,
        (response) => {
          closed.push(new Promise((resolve) => response.on("close", resolve)));
          answer(response);
        },
      ]);
      await serving(Object.fromEntries(watched), async (base, hits) => {
        const found = await probe(base);
        for (const [path, expected] of Object.entries(EXPECTED)) {
          const full = expected === SET ? SET : `no key set from ${base}${path}: ${expected}`;
          assert.strictEqual(found[path], full, path);
        }
        assert.strictEqual(hits["/target"], undefined, "no redirect is followed");
        await Promise.all(closed);
        assert.strictEqual(closed.length, Object.keys(EXPECTED).length);
      });
    });
  }

  test("workerd: concurrent requests share one fetch", async (assert) => {
    await bundled();
    const callers = 20;
    const { opened, open } = gate();
    const answers = {
      "/arrived": (response, count) => {
        if (count === callers) open();
        response.end();
      },
      "/slow": (response) => opened.then(() => response.end(SET)),
    };
    await serving(answers, async (base, hits) => {
      await inWorker(async (ask) => {
        const asked = Array.from({ length: callers }, async () =>
          (await ask("/get", base, ["/slow"])).text(),
        );
        assert.deepEqual(new Set(await Promise.all(asked)), new Set([SET]));
        assert.strictEqual(hits["/slow"], 1);
      });
    });
  });

  test("workerd: a request that ends during its fetch leaves no other hanging", async (assert) => {
    await bundled();
    const { opened, open } = gate();
    const answers = {
      "/arrived": (response) => response.end(),
      "/held": (response) => opened.then(() => response.end()),
      "/slow": (response, count) => (count === 1 ? open() : response.end(SET)),
    };
    await serving(answers, async (base, hits) => {
      await inWorker(async (ask) => {
        assert.strictEqual(await (await ask("/leave", base, ["/slow"])).text(), "left");
        const asked = Array.from({ length: 5 }, async () => (await ask("/get", base, ["/slow"])).text());
        assert.deepEqual(new Set(await Promise.all(asked)), new Set([SET]));
        assert.strictEqual(hits["/slow"], 2);
      });
    });
  });
}

/** A promise and what settles it. */
function gate() {
  let open;
  const opened = new Promise((resolve) => {
    open = resolve;
  });
  return { opened, open };
}
