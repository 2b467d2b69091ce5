/** {@link faulty} on Node: as demo/node.ts. */

import { createServer } from "node:http";
import { listener, loadCore } from "../../../js/load/node.ts";
import { memory } from "../../../js/store/memory.ts";
import { faulty } from "./faulty.ts";

const store = memory();
// True of the bundle too: it lies as deep under the root as this file.
const core = await loadCore(new URL("../../../js/core/edgegrant.wasm", import.meta.url));
const edgegrant = await faulty({ env: process.env, core, state: store, registry: store });

createServer(listener(edgegrant)).listen(Number(process.env["PORT"]), "127.0.0.1");
