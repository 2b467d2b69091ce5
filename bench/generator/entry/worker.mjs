// Edgegrant as a Worker, with what it is measured beside; one store for both roles, since raw workerd serves no KV.
import { createEdgegrant } from "edgegrant";
import { durableObject } from "edgegrant/store/durable_object";
import { loadCore } from "edgegrant/workerd";
import { answerOther, respond } from "../others.mjs";

export { EdgegrantState } from "edgegrant/store/durable_object";

let edgegrant;

export default {
  async fetch(request, env, context) {
    const other = answerOther(request.url, () => request.json(), env);
    if (other !== undefined) return respond(other);
    const store = durableObject(env.STATE);
    edgegrant ??= await createEdgegrant({
      config: JSON.parse(env.CONFIG),
      env,
      core: await loadCore(),
      state: store,
      registry: store,
    });
    return edgegrant.fetch(request, context);
  },
};
