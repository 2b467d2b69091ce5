// What memory a call takes inside of the process: MiB by mount and length of the subjects, as JSON.
import { randomBytes, randomUUID } from "node:crypto";
import { createEdgegrant } from "edgegrant";
import { loadCore } from "edgegrant/node";
import { memory } from "edgegrant/store/memory";
import { COUNT, generate, ownToken } from "../deployment.mjs";

const { env } = process;
const MIB = 2 ** 20;

const memories = [];
const { Instance } = WebAssembly;
WebAssembly.Instance = class extends Instance {
  constructor(...given) {
    super(...given);
    memories.push(this.exports.memory);
  }
};

const subjects = {
  uuid: () => randomUUID(),
  longest: () => randomBytes(128).toString("hex").slice(1),
};
const figures = [];
for (const [kind, make] of Object.entries(subjects)) {
  for (const mount of ["rs256", "es256"]) figures.push({ kind, mount, ...(await measure(mount, make)) });
}
console.log(JSON.stringify(figures));

/** A deployment of its own for each: what WebAssembly has grown to, it keeps. */
async function measure(mount, make) {
  const store = memory();
  const edgegrant = await createEdgegrant({
    config: JSON.parse(env.CONFIG),
    env,
    core: await loadCore(),
    state: store,
    registry: store,
  });
  const ask = ({ url, ...init }) => edgegrant.fetch(new Request(url, init));
  const { access_token } = await (await ask(ownToken(env.ORIGIN, mount, env, "token-generator"))).json();
  const wasm = memories.at(-1);
  const ids = (count) => Array.from({ length: count }, make);
  await (await ask(generate(env.ORIGIN, mount, env, access_token, ids(1)))).json();

  const request = generate(env.ORIGIN, mount, env, access_token, ids(COUNT));
  globalThis.gc();
  const before = { wasm: wasm.buffer.byteLength, all: held() };
  const most = { all: 0, kept: 0 };
  const look = (collected) => {
    most.all = Math.max(most.all, held());
    if (!collected) return;
    globalThis.gc();
    most.kept = Math.max(most.kept, held());
  };
  const reader = (await ask(request)).body.getReader();
  let chunks = 0;
  for (let next = await reader.read(); !next.done; next = await reader.read()) look(++chunks % 5 === 0);
  return {
    chunks,
    wasmBefore: before.wasm / MIB,
    wasm: wasm.buffer.byteLength / MIB,
    grown: (most.all - before.all) / MIB,
    kept: (most.kept - before.all) / MIB,
  };
}

/** Octets: V8's heap and what hangs on it, WebAssembly's memory included. */
function held() {
  const { heapUsed, external } = process.memoryUsage();
  return heapUsed + external;
}
