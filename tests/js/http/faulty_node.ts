/** {@link faulty} on Node: as demo/node.ts. */

import { serve } from "@hono/node-server";
import { loadCore } from "../../../js/load/node.ts";
import { memory } from "../../../js/store/memory.ts";
import { faulty } from "./faulty.ts";

const store = memory();
// True of the bundle too: it lies as deep under the root as this file.
const core = await loadCore(new URL("../../../js/core/edgegrant.wasm", import.meta.url));
const edgegrant = await faulty({ env: process.env, core, state: store, registry: store });

const fetch = (request: Request) => edgegrant.fetch(request);
serve({ hostname: "127.0.0.1", port: Number(process.env["PORT"]), fetch });
