/** {@link faulty} on Node: as demo/node.ts. */

import { serve } from "@hono/node-server";
import { loadCore } from "edgegrant/node";
import { memory } from "../../../js/store/memory.ts";
import { faulty } from "./faulty.ts";

const store = memory();
const edgegrant = await faulty({ env: process.env, core: await loadCore(), state: store, registry: store });

const fetch = (request: Request) => edgegrant.fetch(request);
serve({ hostname: "127.0.0.1", port: Number(process.env["PORT"]), fetch });
