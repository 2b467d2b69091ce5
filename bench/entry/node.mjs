// Edgegrant on Node.
import { readFileSync } from "node:fs";
import { serve } from "@hono/node-server";
import { createEdgegrant } from "edgegrant";
import { loadCore } from "edgegrant/node";
import { memory } from "edgegrant/store/memory";

const config = readFileSync(new URL("../edgegrant.json", import.meta.url), "utf8");
const { env } = process;
const store = memory();
const edgegrant = await createEdgegrant({
  config,
  env,
  core: await loadCore(),
  state: store,
  registry: store,
});

serve({ hostname: "127.0.0.1", port: Number(env.PORT), fetch: (request) => edgegrant.fetch(request) });
