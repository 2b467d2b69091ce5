// Microseconds of processor time a request on Node, the signature left out: its effects are answered at once.
import { Driver } from "../dist/drive.js";
import { handle } from "../dist/http.js";
import { createEdgegrant } from "../dist/index.js";
import { loadCore } from "../dist/load/node.js";
import { memory } from "../dist/store/memory.js";
import { median } from "./load.mjs";

const SIGNED = { signatures: new Uint8Array(64).fill(7) };

/**
 * `core`: the calls of one request, in WebAssembly and across the boundary. `driver`: with the driver around
 * them. `http`: with `Request` and `Response` read and made; `platform`: what these take by themselves.
 */
export async function measureBoundary({ config, env, request, batches, batch }) {
  const core = await configured(config, env);
  const { url, method, headers, body } = request;
  const plain = {
    method,
    path: new URL(url).pathname,
    query: "",
    headers,
    body: { bytes: new TextEncoder().encode(body) },
  };
  const perform = ({ kind }) => (kind === "sign" ? SIGNED : "done");
  const fresh = () => {
    throw new Error("the core trapped");
  };
  const driver = new Driver({ fresh, perform, now: Date.now }, core);
  const incoming = () => new Request(url, { method, headers, body });

  let id = 1 << 30;
  const subjects = {
    core() {
      id++;
      core.body_limit(plain.path);
      let step = core.start(id, plain, Date.now(), core.draw_seed());
      while (step.kind === "effect") step = core.resume(id, perform(step.effect));
      core.drop(id);
      return step.response;
    },
    driver: () => driver.open(plain),
    http: async () => drain(await handle(driver, incoming())),
    async platform() {
      const asked = incoming();
      const bytes = await asked.arrayBuffer();
      asked.headers.get("authorization");
      return drain(
        new Response(`${bytes.byteLength}`, { status: 200, headers: [["content-type", "text/plain"]] }),
      );
    },
  };
  const times = Object.fromEntries(Object.keys(subjects).map((name) => [name, []]));
  for (let round = 0; round <= batches; round++) {
    for (const [name, run] of Object.entries(subjects)) {
      const began = process.cpuUsage();
      for (let i = 0; i < batch; i++) {
        const { status } = await run();
        if (status !== 200) throw new Error(`${name} answered ${status}`);
      }
      const { user, system } = process.cpuUsage(began);
      // The first round warms up.
      if (round > 0) times[name].push((user + system) / batch);
    }
  }
  return Object.fromEntries(Object.entries(times).map(([name, list]) => [name, median(list)]));
}

async function drain(response) {
  await response.text();
  return response;
}

/** An instance as a deployment configures it. */
async function configured(config, env) {
  let made;
  const factory = await loadCore();
  const core = () => {
    made = factory();
    return made;
  };
  const store = memory();
  await createEdgegrant({ config, env, core, state: store, registry: store });
  return made;
}
