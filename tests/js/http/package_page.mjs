// The API of package_api.mjs in a page of Chromium: ES modules as they are in the package, no bundler.

import { once } from "node:events";
import { readFile } from "node:fs/promises";
import { createServer } from "node:http";
import { extname, join } from "node:path";
import { chromium } from "playwright-core";

const TYPES = { ".mjs": "text/javascript", ".js": "text/javascript", ".wasm": "application/wasm" };
const NONCE = "page";

/** `options` as JSON stand in a script of the page, which no text of theirs may end. */
const pageOf = (imports, options) => `<!doctype html>
<title>API</title>
<link rel="icon" href="data:,">
<script type="importmap" nonce="${NONCE}">${JSON.stringify({ imports })}</script>
<script type="module" nonce="${NONCE}">
  import { edgeApi } from "/api.mjs";
  const api = await edgeApi(${JSON.stringify(options).replaceAll("<", "\\u003c")});
  globalThis.ask = async (path, headers) => {
    const answer = await api(new Request("https://api.example.com" + path, { headers }));
    return { status: answer.status, headers: Object.fromEntries(answer.headers), text: await answer.text() };
  };
</script>`;

/** What a page must know of the names in `exports`, and of the one dependency. */
async function importsOf(folder) {
  const manifest = async (name) =>
    JSON.parse(await readFile(join(folder, `node_modules/${name}/package.json`), "utf8"));
  const [own, yaml] = await Promise.all(["edgegrant", "yaml"].map(manifest));
  const place = (name, { default: file }) => join("/node_modules", name, file);
  return {
    ...Object.fromEntries(
      ["inspect", "policy", "sign", "verify", "verify/presets"].map((name) => [
        `edgegrant/${name}`,
        place("edgegrant", own.exports[`./${name}`]),
      ]),
    ),
    yaml: place("yaml", yaml.exports["."]),
  };
}

/** Serves the page in `folder` and opens it; see `HOSTS`. */
export async function servePage(folder, options) {
  const html = pageOf(await importsOf(folder), options);
  const origins = Object.values(options).map(({ jwks_uri, issuer }) => new URL(jwks_uri ?? issuer).origin);
  const policy = [
    "default-src 'none'; img-src data:",
    `script-src 'self' 'nonce-${NONCE}' 'wasm-unsafe-eval'`,
    `connect-src 'self' ${[...new Set(origins)].join(" ")}`,
  ].join("; ");
  const server = createServer(async ({ url }, response) => {
    const content = url === "/" ? html : await readFile(join(folder, url)).catch(() => null);
    if (content === null) return response.writeHead(404).end();
    const type = TYPES[extname(url)] ?? "text/html";
    response.writeHead(200, { "content-type": type, "content-security-policy": policy }).end(content);
  });
  server.listen(0, "127.0.0.1");
  await once(server, "listening");
  const browser = await chromium.launch({
    executablePath: process.env.CHROMIUM ?? "/usr/bin/chromium",
    args: ["--no-sandbox", "--disable-gpu", "--disable-quic", "--disable-background-networking"],
  });
  const stop = async () => {
    await browser.close();
    server.closeAllConnections();
    server.close();
  };
  try {
    const page = await browser.newPage();
    const broken = new Promise((_, reject) => page.once("pageerror", reject));
    page.on("console", (message) => console.log(`the page: ${message.text()}`));
    await page.goto(`http://127.0.0.1:${server.address().port}/`);
    await Promise.race([broken, page.waitForFunction(() => globalThis.ask, undefined, { timeout: 20_000 })]);
    const ask = (path, headers) =>
      page.evaluate(([path, headers]) => globalThis.ask(path, headers), [path, headers]);
    return { ask, stop };
  } catch (error) {
    await stop();
    throw error;
  }
}
