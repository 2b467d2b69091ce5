import { createServer } from "node:http";
import { answer } from "../answer.mjs";

const { PORT, KEYS } = process.env;
const keys = JSON.parse(KEYS);

createServer(async (request, response) => {
  response.end(await answer(`http://localhost${request.url}`, keys));
}).listen(Number(PORT), "127.0.0.1");
