// Edgegrant on Node, with what it is measured beside.
import { createServer } from "node:http";
import { createEdgegrant } from "edgegrant";
import { listener, loadCore } from "edgegrant/node";
import { memory } from "edgegrant/store/memory";
import { answerOther } from "../others.mjs";

const { env } = process;
const store = memory();
const edgegrant = await createEdgegrant({
  config: JSON.parse(env.CONFIG),
  env,
  core: await loadCore(),
  state: store,
  registry: store,
});
const answer = listener(edgegrant);

createServer(async (incoming, outgoing) => {
  const json = async () => JSON.parse(Buffer.concat(await incoming.toArray()));
  const other = answerOther(incoming.url, json, env);
  if (other === undefined) return answer(incoming, outgoing);
  const body = await other;
  outgoing.setHeader("content-type", "application/json");
  if (typeof body === "string") return outgoing.end(body);
  for await (const part of body) outgoing.write(part);
  outgoing.end();
}).listen(Number(env.PORT), "127.0.0.1");
