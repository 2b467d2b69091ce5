// Edgegrant on Deno.
import { createEdgegrant } from "edgegrant";
import { loadCore } from "edgegrant/deno";
import { denoKv } from "edgegrant/store/deno_kv";
import config from "../edgegrant.json" with { type: "json" };

const store = denoKv(await Deno.openKv(Deno.env.get("KV_PATH")));
const env = Deno.env.toObject();
const edgegrant = await createEdgegrant({
  config,
  env,
  core: await loadCore(),
  state: store,
  registry: store,
});

Deno.serve({ hostname: "127.0.0.1", port: Number(env.PORT), onListen: () => {} }, (request) =>
  edgegrant.fetch(request),
);
