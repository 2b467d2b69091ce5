// The package as its users get it, and the API of package_api.mjs on it in each runtime.

import { execFile, spawn } from "node:child_process";
import { once } from "node:events";
import { copyFile, mkdir, readFile, symlink, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { promisify } from "node:util";
import { Miniflare } from "miniflare";
import { bundleWorker, denoProgram, root } from "../../../scripts/demo.mjs";
import { servePage } from "./package_page.mjs";
import { send } from "./wire.mjs";

const execute = promisify(execFile);
const API = fileURLToPath(new URL("package_api.mjs", import.meta.url));

/** Packs the package and puts it, what it depends on and the API into `folder`, as an installation would. */
export async function install(folder) {
  const modules = join(folder, "node_modules");
  await mkdir(modules);
  const quiet = ["--ignore-scripts", "--silent", "--offline", "--pack-destination", folder];
  await execute("npm", ["pack", ...quiet], { cwd: root, env: { ...process.env, HOME: folder } });
  const { name, version, dependencies, bin } = JSON.parse(await readFile(join(root, "package.json"), "utf8"));
  await execute("tar", ["-xzf", join(folder, `${name}-${version}.tgz`), "-C", modules]);
  await execute("mv", [join(modules, "package"), join(modules, name)]);
  for (const dependency of Object.keys(dependencies)) {
    await symlink(join(root, "node_modules", dependency), join(modules, dependency));
  }
  await mkdir(join(modules, ".bin"));
  for (const [command, file] of Object.entries(bin)) {
    await symlink(join("..", name, file), join(modules, ".bin", command));
  }
  const own = { private: true, type: "module", dependencies: { [name]: version, ...dependencies } };
  await writeFile(join(folder, "package.json"), JSON.stringify(own));
  await copyFile(API, join(folder, "api.mjs"));
}

const IN_NODE = `
import { createServer } from "node:http";
import { edgeApi } from "./api.mjs";
const api = await edgeApi(JSON.parse(process.env.OPTIONS));
const server = createServer(async ({ url, headers }, response) => {
  const answer = await api(new Request("https://api.example.com" + url, { headers }));
  response.writeHead(answer.status, [...answer.headers].flat()).end(await answer.text());
});
server.listen(0, "127.0.0.1", () => console.log(server.address().port));
`;

const IN_DENO = `
import { edgeApi } from "./api.mjs";
const api = await edgeApi(JSON.parse(Deno.env.get("OPTIONS")));
const onListen = ({ port }) => console.log(port);
Deno.serve({ hostname: "127.0.0.1", port: 0, onListen }, (request) => api(request));
`;

const IN_WORKERD = `
import { edgeApi } from "./api.mjs";
let api;
export default {
  async fetch(request, env) {
    api ??= edgeApi(env.OPTIONS);
    return (await api)(request);
  },
};
`;

/** Each serves the API on the package in `folder` and answers how to `ask(path, headers)` it and `stop()` it. */
export const HOSTS = {
  node: (folder, options) => inProcess(folder, options, "node.mjs", IN_NODE, process.execPath, []),

  deno(folder, options) {
    const may = ["--allow-net=127.0.0.1", "--allow-env", `--allow-read=${folder}`];
    const flags = ["run", "--no-prompt", "--node-modules-dir=manual", ...may];
    return inProcess(folder, options, "deno.mjs", IN_DENO, denoProgram(), flags);
  },

  async workerd(folder, options) {
    const entry = join(folder, "entry.mjs");
    await writeFile(entry, IN_WORKERD);
    const outdir = await bundleWorker(entry, join(folder, "worker"));
    const miniflare = new Miniflare({
      modulesRoot: outdir,
      modules: [
        { type: "ESModule", path: join(outdir, "worker.js") },
        ...["edgegrant", "inspector", "verifier"].map((name) => ({
          type: "CompiledWasm",
          path: join(outdir, `${name}.wasm`),
        })),
      ],
      compatibilityDate: "2026-04-01",
      host: "127.0.0.1",
      cf: false,
      bindings: { OPTIONS: options },
    });
    const stop = () => miniflare.dispose();
    try {
      return { ask: asking((await miniflare.ready).origin), stop };
    } catch (error) {
      await stop();
      throw error;
    }
  },

  chromium: servePage,
};

const asking = (origin) => (path, headers) => send(origin, { path, headers });

/** A runtime in a process of its own, which prints the port that it listens on. */
async function inProcess(folder, options, file, source, program, flags) {
  await writeFile(join(folder, file), source);
  const child = spawn(program, [...flags, file], {
    cwd: folder,
    stdio: ["ignore", "pipe", "inherit"],
    env: { ...process.env, OPTIONS: JSON.stringify(options), DENO_NO_UPDATE_CHECK: "1" },
  });
  const kill = () => child.kill("SIGKILL");
  process.once("exit", kill);
  const ended = once(child, "exit");
  const stop = async () => {
    process.off("exit", kill);
    kill();
    await ended;
  };
  const gone = ended.then(([code]) => Promise.reject(new Error(`${program} ended with ${code}`)));
  gone.catch(() => {});
  const [port] = await Promise.race([once(child.stdout, "data"), gone]);
  return { ask: asking(`http://127.0.0.1:${Number(port)}`), stop };
}
