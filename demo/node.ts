import { serve } from "@hono/node-server";
import { createEdgegrant } from "edgegrant";
import { loadCore } from "edgegrant/node";
import { memory } from "edgegrant/store/memory";
import config from "./edgegrant.json" with { type: "json" };

const store = memory();
const env = process.env;
const edgegrant = await createEdgegrant({
  config,
  env,
  core: await loadCore(),
  state: store,
  registry: store,
});

serve({
  hostname: "127.0.0.1",
  port: Number(env.PORT ?? 8787),
  fetch: (request) => edgegrant.fetch(request),
});
