// Edgegrant as a Worker; one store for both roles, since raw workerd serves no KV.
import { createEdgegrant } from "edgegrant";
import { durableObject } from "edgegrant/store/durable_object";
import { loadCore } from "edgegrant/workerd";
import config from "../edgegrant.json" with { type: "json" };

export { EdgegrantState } from "edgegrant/store/durable_object";

let edgegrant;

export default {
  async fetch(request, env, context) {
    const store = durableObject(env.STATE);
    edgegrant ??= await createEdgegrant({
      config,
      env,
      core: await loadCore(),
      state: store,
      registry: store,
    });
    return edgegrant.fetch(request, context);
  },
};
