import { createEdgegrant, type Edgegrant } from "edgegrant";
import { cloudflareKv } from "edgegrant/store/cloudflare_kv";
import { durableObject, type EdgegrantState } from "edgegrant/store/durable_object";
import { loadCore } from "edgegrant/workerd";
import config from "./edgegrant.json" with { type: "json" };

export { EdgegrantState } from "edgegrant/store/durable_object";

type Env = { STATE: DurableObjectNamespace<EdgegrantState>; REGISTRY: KVNamespace };
let edgegrant: Edgegrant | undefined;

export default {
  async fetch(request, env, context) {
    const [state, registry] = [durableObject(env.STATE), cloudflareKv(env.REGISTRY)];
    edgegrant ??= await createEdgegrant({ config, env, core: await loadCore(), state, registry });
    return edgegrant.fetch(request, context);
  },
} satisfies ExportedHandler<Env>;
