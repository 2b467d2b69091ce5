/// <reference types="@cloudflare/workers-types" />
/** {@link faulty} in workerd: as demo/worker.ts. */

import type { Edgegrant } from "../../../js/index.ts";
import { loadCore } from "../../../js/load/workerd.ts";
import { cloudflareKv } from "../../../js/store/cloudflare_kv.ts";
import { durableObject, type EdgegrantState } from "../../../js/store/durable_object.ts";
import { faulty } from "./faulty.ts";

export { EdgegrantState } from "../../../js/store/durable_object.ts";

type Env = { STATE: DurableObjectNamespace<EdgegrantState>; REGISTRY: KVNamespace };
let edgegrant: Edgegrant | undefined;

export default {
  async fetch(request: Request, env: Env, context: ExecutionContext): Promise<Response> {
    const [state, registry] = [durableObject(env.STATE), cloudflareKv(env.REGISTRY)];
    edgegrant ??= await faulty({ env, core: await loadCore(), state, registry });
    return edgegrant.fetch(request, context);
  },
};
