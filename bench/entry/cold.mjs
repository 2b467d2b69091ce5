// What a cold instance does until its first token, in milliseconds, as JSON. For Node and Deno; in workerd
// the clock stands still while a Worker computes.
import { readFileSync } from "node:fs";

const runtime = globalThis.Deno === undefined ? "node" : "deno";
const config = readFileSync(new URL("../edgegrant.json", import.meta.url), "utf8");
const steps = {};
let before = performance.now();
const lap = (step) => {
  const now = performance.now();
  steps[step] = now - before;
  before = now;
};

const [{ createEdgegrant }, { loadCore }, { memory }] = await Promise.all(
  ["index", `load/${runtime}`, "store/memory"].map((name) => import(`../../dist/${name}.js`)),
);
lap("import");
const core = await loadCore();
lap("compile");
const first = core();
lap("instantiate");
const store = memory();
const edgegrant = await createEdgegrant({
  config,
  env: process.env,
  core: () => first,
  state: store,
  registry: store,
});
lap("configure");
const { path, ...init } = JSON.parse(process.env.TOKEN_REQUEST);
const response = await edgegrant.fetch(new Request(`${process.env.ORIGIN}/es256${path}`, init));
if (response.status !== 200) throw new Error(`${response.status} ${await response.text()}`);
await response.text();
lap("token");
console.log(JSON.stringify(steps));
