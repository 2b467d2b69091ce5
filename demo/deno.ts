import { createEdgegrant } from "edgegrant";
import { loadCore } from "edgegrant/deno";
import { denoKv } from "edgegrant/store/deno_kv";
import config from "./edgegrant.json" with { type: "json" };

const kv = denoKv(await Deno.openKv(Deno.env.get("KV_PATH")));
const env = Deno.env.toObject();
const edgegrant = await createEdgegrant({ config, env, core: await loadCore(), state: kv, registry: kv });

Deno.serve({ hostname: "127.0.0.1", port: Number(Deno.env.get("PORT") ?? 8787) }, (request) =>
  edgegrant.fetch(request),
);
