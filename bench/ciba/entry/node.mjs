// Edgegrant on Node.
import { createServer } from "node:http";
import { setFlagsFromString } from "node:v8";
import { runInNewContext } from "node:vm";
import { listener, loadCore } from "edgegrant/node";
import { memory } from "edgegrant/store/memory";
import { serve } from "./served.mjs";

setFlagsFromString("--expose-gc");
const collect = runInNewContext("gc");

const { env } = process;
const records = new Map();
const tell = () => {
  collect();
  return { heap: process.memoryUsage().heapUsed, records: records.size };
};
const { edgegrant, bench } = await serve({ env, core: await loadCore(), store: memory({ records }), tell });
const answer = listener(edgegrant);

createServer(async (incoming, outgoing) => {
  if (!incoming.url.startsWith("/_bench/")) return answer(incoming, outgoing);
  outgoing.end(JSON.stringify(await bench(incoming.url)));
}).listen(Number(env.PORT), "127.0.0.1");
