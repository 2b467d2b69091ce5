// Edgegrant on Deno.
import { setFlagsFromString } from "node:v8";
import { runInNewContext } from "node:vm";
import { loadCore } from "edgegrant/deno";
import { denoKv } from "edgegrant/store/deno_kv";
import { serve } from "./served.mjs";

setFlagsFromString("--expose-gc");
const collect = runInNewContext("gc");

const env = Deno.env.toObject();
const kv = await Deno.openKv(env.MEMORY ? ":memory:" : env.KV_PATH);
const tell = async () => {
  let records = 0;
  for await (const _ of kv.list({ prefix: [] })) records++;
  collect();
  return { heap: Deno.memoryUsage().heapUsed, records };
};
const { edgegrant, bench } = await serve({ env, core: await loadCore(), store: denoKv(kv), tell });

Deno.serve({ hostname: "127.0.0.1", port: Number(env.PORT), onListen: () => {} }, async (request) => {
  const at = request.url.indexOf("/_bench/");
  return at < 0 ? edgegrant.fetch(request) : Response.json(await bench(request.url.slice(at)));
});
