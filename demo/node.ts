import { createServer } from "node:http";
import { createEdgegrant } from "edgegrant";
import { listener, loadCore } from "edgegrant/node";
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

createServer(listener(edgegrant)).listen(Number(env.PORT ?? 8787), "127.0.0.1");
