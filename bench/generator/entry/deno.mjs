// Edgegrant on Deno, with what it is measured beside.
import { createEdgegrant } from "edgegrant";
import { loadCore } from "edgegrant/deno";
import { denoKv } from "edgegrant/store/deno_kv";
import { answerOther, respond } from "../others.mjs";

const env = Deno.env.toObject();
const store = denoKv(await Deno.openKv(env.KV_PATH));
const edgegrant = await createEdgegrant({
  config: JSON.parse(env.CONFIG),
  env,
  core: await loadCore(),
  state: store,
  registry: store,
});

Deno.serve({ hostname: "127.0.0.1", port: Number(env.PORT), onListen: () => {} }, (request) => {
  const other = answerOther(request.url, () => request.json(), env);
  return other === undefined ? edgegrant.fetch(request) : respond(other);
});
