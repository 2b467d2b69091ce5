// Edgegrant as a Worker; one store for both roles, since raw workerd serves no KV.
import { durableObject, EdgegrantState as State, shardName } from "edgegrant/store/durable_object";
import { loadCore } from "edgegrant/workerd";
import { serve } from "./served.mjs";

const SHARDS = 64;

/** Tells how many records it holds, those that have ended but are not swept included. */
export class EdgegrantState extends State {
  records() {
    return this.ctx.storage.sql.exec("SELECT count(*) AS records FROM record").one().records;
  }
}

let served;

export default {
  async fetch(request, env, context) {
    const tell = async () => {
      const shards = Array.from({ length: SHARDS }, (_, index) =>
        env.STATE.get(env.STATE.idFromName(shardName(index, SHARDS))).records(),
      );
      return { records: (await Promise.all(shards)).reduce((sum, count) => sum + count, 0) };
    };
    const store = durableObject(env.STATE, { shards: SHARDS });
    served ??= await serve({ env, core: await loadCore(), store, tell });
    const at = request.url.indexOf("/_bench/");
    if (at < 0) return served.edgegrant.fetch(request, context);
    return Response.json(await served.bench(request.url.slice(at)));
  },
};
