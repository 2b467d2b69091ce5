import { answer } from "../answer.mjs";

const keys = JSON.parse(Deno.env.get("KEYS"));

Deno.serve(
  { hostname: "127.0.0.1", port: Number(Deno.env.get("PORT")), onListen: () => {} },
  async ({ url }) => {
    return new Response(await answer(url, keys));
  },
);
