// Runs the demo deployment until Ctrl-C:
//
//   RUNTIME=workerd|deno|node PORT=8787 DATA=.edgegrant node scripts/serve.mjs
import { resolve } from "node:path";
import { root, start } from "./demo.mjs";

const runtime = process.env.RUNTIME || "workerd";
const port = Number(process.env.PORT || 8787);
/** What is stored, and the secrets and keys; inside the package, for what is bundled there finds it. */
const data = process.env.DATA || ".edgegrant";
if (!["workerd", "deno", "node"].includes(runtime))
  fail(`RUNTIME=${runtime}: expected workerd, deno or node`);
if (!Number.isInteger(port) || port < 1 || port > 65535)
  fail(`PORT=${process.env.PORT}: expected 1 to 65535`);

const { origin, env, stop } = await start(runtime, { port, folder: resolve(root, data) }).catch((error) =>
  fail(error.message),
);

let stopping = false;
for (const signal of ["SIGINT", "SIGTERM"]) {
  // Miniflare listens too, and would end this process before all has stopped.
  process.removeAllListeners(signal);
  process.on(signal, async () => {
    if (stopping) return;
    stopping = true;
    await stop();
    process.exit(0);
  });
}

console.log(`
Edgegrant on ${runtime} at ${origin}; what it stores is in ${data}. Ctrl-C stops it. Paste:

TOKEN=$(curl -s -u demo:${env.CLIENT_SECRET} -d grant_type=client_credentials ${origin}/token | node -p 'JSON.parse(fs.readFileSync(0)).access_token'); echo $TOKEN

node -p 'JSON.parse(Buffer.from(process.argv[1].split(".")[1], "base64url"))' $TOKEN

curl -s ${origin}/.well-known/jwks.json
`);

function fail(message) {
  console.error(`serve: ${message}`);
  process.exit(1);
}
