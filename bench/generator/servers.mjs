// The servers that are measured.
import { mkdtempSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { fileURLToPath, pathToFileURL } from "node:url";
import { bundleWorker, denoProgram, root } from "../../scripts/demo.mjs";
import { serveWorker, start } from "../servers.mjs";

export const RUNTIMES = ["node", "workerd", "deno"];

const file = (path) => String(pathToFileURL(join(root, path)));

/** By runtime: from `(folder, env)` to what is started and its arguments. `bindings`: what a Worker is given of `env`. */
function commands(entry, bindings) {
  return {
    node: () => [process.execPath, [entry("node")]],

    async workerd(folder, env) {
      await bundleWorker(entry("worker"), folder);
      return serveWorker(folder, env, {
        modules:
          '(name = "worker.js", esModule = embed "worker.js"), (name = "edgegrant.wasm", wasm = embed "edgegrant.wasm")',
        bindings,
        // SQLite objects are on disk, as in production.
        objects: `
  durableObjectNamespaces = [(className = "EdgegrantState", uniqueKey = "bench", enableSql = true)],
  durableObjectStorage = (localDisk = "disk"),`,
        stateBinding: '(name = "STATE", durableObjectNamespace = "EdgegrantState"), ',
      });
    },

    deno(folder) {
      const map = join(folder, "imports.json");
      const imports = {
        edgegrant: file("dist/index.js"),
        "edgegrant/deno": file("dist/load/deno.js"),
        "edgegrant/store/deno_kv": file("dist/store/deno_kv.js"),
        jose: file("node_modules/jose/dist/webapi/index.js"),
      };
      writeFileSync(map, JSON.stringify({ imports }));
      const allowed = ["--allow-net=127.0.0.1", "--allow-env", "--allow-read", "--allow-write"];
      const flags = ["--no-config", "--unstable-kv", "--no-prompt", ...allowed, `--import-map=${map}`];
      return [denoProgram(), ["run", ...flags, entry("deno")]];
    },
  };
}

/** Starts a runtime's server whose source is in `entries`, or another of `bench`, each in a folder of its own. */
export function launcher(work, env, entries = new URL("entry/", import.meta.url)) {
  const entry = (name) => fileURLToPath(new URL(`${name}.mjs`, entries));
  return (name, { request, env: more = {}, command }) => {
    const variables = { ...env, ...more };
    const runtimes = commands(entry, [...Object.keys(variables), "ORIGIN"]);
    return start(name, {
      folder: mkdtempSync(join(work, `${name}-`)),
      env: variables,
      request,
      ...((command ?? runtimes[name]) && { command: command ?? runtimes[name] }),
    });
  };
}
