// Edgegrant on Node.
import { readFileSync } from "node:fs";
import { createServer } from "node:http";
import { createEdgegrant } from "edgegrant";
import { listener, loadCore } from "edgegrant/node";
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

createServer(listener(edgegrant)).listen(Number(env.PORT), "127.0.0.1");
