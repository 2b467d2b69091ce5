/**
 * The demo deployment as the tests need it: a state store that fails on demand, clients that the demo has no use
 * for, and a count of traps.
 *
 *     POST /_test/store?mode=ok|throw|hang
 *     GET  /_test/traps
 */

import config from "../../../demo/edgegrant.json" with { type: "json" };
import { createEdgegrant, type Edgegrant, type EdgegrantOptions, type Store } from "../../../js/index.ts";

/** What needs form-encoding in HTTP Basic, and what has two readings there. */
const ODD = { id: "odd: client+%2B", secret: ' a+b%20c:d&e=f"g\\ü🔑' };

const secret = { env: "CLIENT_SECRET" };
const CLIENTS = [
  { client_id: "narrow", client_secret: secret, scope: "orders:read" },
  { client_id: "post", client_secret: secret, token_endpoint_auth_method: "client_secret_post" },
  { client_id: "pending", client_secret: secret, status: "pending" },
  { client_id: "public", token_endpoint_auth_method: "none", grant_types: [] },
  { client_id: ODD.id, client_secret: { env: "ODD_SECRET" } },
];

/** The part of a deployment that differs from runtime to runtime. */
export type Parts = Pick<EdgegrantOptions, "env" | "core" | "state" | "registry">;

/** Starts the deployment. */
export async function faulty({ env, core, state, registry }: Parts): Promise<Edgegrant> {
  let mode: string | null = "ok";
  let traps = 0;

  const may =
    <A extends unknown[], R>(act: (...given: A) => Promise<R>) =>
    async (...given: A): Promise<R> => {
      if (mode === "throw") throw new Error("on demand");
      if (mode === "hang") await new Promise<never>(() => {});
      return act(...given);
    };
  const failing: Store = {
    ...state,
    get: may(state.get),
    commit: may(state.commit),
    list: may(state.list),
  };

  const edgegrant = await createEdgegrant({
    config: {
      ...config,
      dev_env: { ...config.dev_env, ODD_CLIENT_ID: ODD.id, ODD_CLIENT_SECRET: ODD.secret },
      clients: [...config.clients, ...CLIENTS],
    },
    env: { ...env, ODD_SECRET: ODD.secret },
    core,
    state: failing,
    registry,
    storeTimeoutMs: 300,
    hooks: {
      onTrap: () => {
        traps++;
      },
    },
  });
  const command = (path: string, query: string): object | undefined => {
    if (path === "/_test/traps") return { traps };
    if (path !== "/_test/store") return undefined;
    mode = new URLSearchParams(query).get("mode");
    return { mode };
  };
  return {
    ...edgegrant,
    async fetch(request, context) {
      // Some URLs of bad requests do not parse.
      const [, path = "", query = ""] = /(\/_test\/\w+)\??(.*)$/.exec(request.url) ?? [];
      const told = command(path, query);
      return told === undefined ? edgegrant.fetch(request, context) : Response.json(told);
    },
    async answer(request, context) {
      const told = command(request.path, request.query);
      if (told === undefined) return edgegrant.answer(request, context);
      return { status: 200, headers: [["content-type", "application/json"]], body: JSON.stringify(told) };
    },
  };
}
