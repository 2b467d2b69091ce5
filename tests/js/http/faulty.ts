/**
 * The demo deployment as the tests need it: a state store that fails on demand, clients and mounts that the demo has
 * no use for, the operator's commands, and a count of what must not happen.
 *
 *     POST /_test/store?mode=ok|throw|hang
 *     POST /_test/operator {"method": "putSubject", "args": […]}
 *     POST /_test/clients {"client id": {"status": "pending"}}   the same deployment configured anew, more patient
 *     GET  /_test/records                                        all keys of the state store, with their versions
 *     GET  /_test/asked                                          whom the hooks had asked, and for what
 *     POST /_test/complete {"ticket": "…", "result": {…}}        what they answered
 *     POST /_test/disable a subject                              that the hooks know
 *     GET  /_test/harm                                           traps, and rejections that nobody handled
 */

import { createEdgegrant, type Edgegrant, type EdgegrantOptions, type Store } from "../../../js/index.ts";
import { type Changes, configuration, ENV } from "./faulty_config.ts";
import { hooked, MOUNTS } from "./faulty_hooks.ts";

/** The part of a deployment that differs from runtime to runtime. */
export type Parts = Pick<EdgegrantOptions, "env" | "core" | "state" | "registry">;

const LONGEST_COMMAND = 1024 * 1024;

/** Starts the deployment. */
export async function faulty({ env, core, state, registry }: Parts): Promise<Edgegrant> {
  let mode: string | null = "ok";
  const harm = { traps: 0, unhandled: 0 };
  // Node has no such event there: it ends the process.
  if ("addEventListener" in globalThis) addEventListener("unhandledrejection", () => harm.unhandled++);

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
  const deploy = (changes: Changes, storeTimeoutMs = 5000) =>
    createEdgegrant({
      config: configuration(changes),
      env: { ...env, ...ENV },
      core,
      state: failing,
      registry,
      storeTimeoutMs,
      registryCacheSeconds: 0,
      hooks: { onTrap: () => harm.traps++ },
    });
  let edgegrant = await deploy({}, 300);
  const asking = await hooked({ env, core, state, registry, storeTimeoutMs: 2000 });
  const at = (path: string) =>
    Object.keys(MOUNTS).some((mount) => path.startsWith(`${mount}/`)) ? asking.edgegrant : edgegrant;

  const commands: Record<string, (body: string, query: string) => Promise<object> | object> = {
    ...asking.commands,
    "/_test/harm": () => harm,
    "/_test/store": (_body, query) => {
      mode = new URLSearchParams(query).get("mode");
      return { mode };
    },
    "/_test/clients": async (body) => {
      edgegrant = await deploy(JSON.parse(body));
      return {};
    },
    "/_test/operator": async (body) => {
      const { method, args }: { method: keyof Edgegrant["operator"]; args: never[] } = JSON.parse(body);
      const command: (...args: never[]) => Promise<unknown> = edgegrant.operator[method];
      return command(...args).then(
        (result) => ({ result: result ?? null }),
        (error: unknown) => ({ error: String(error) }),
      );
    },
    "/_test/records": async () => {
      const records: string[] = [];
      for (let after: string | null = null, more = true; more; ) {
        const page: Awaited<ReturnType<Store["list"]>> = await state.list("", after, 100);
        records.push(...page.entries.map(({ key, version }) => `${key} ${version}`));
        after = page.entries.at(-1)?.key ?? null;
        more = page.more;
      }
      return records;
    },
  };
  return {
    operator: edgegrant.operator,
    bodyLimit: (path) => (path in commands ? LONGEST_COMMAND : at(path).bodyLimit(path)),
    async fetch(request, context) {
      // Some URLs of bad requests do not parse.
      const [, path = "", query = ""] = /(\/_test\/\w+)\??(.*)$/.exec(request.url) ?? [];
      const command = commands[path];
      if (command === undefined) return at(pathOf(request.url)).fetch(request, context);
      return Response.json(await command(await request.text(), query));
    },
    async answer(request, context) {
      const command = commands[request.path];
      if (command === undefined) return at(request.path).answer(request, context);
      const body = request.body === "over_limit" ? "" : new TextDecoder().decode(request.body.bytes);
      const told = JSON.stringify(await command(body, request.query));
      return { status: 200, headers: [["content-type", "application/json"]], body: told };
    },
  };
}

/** The path, as far as it is one. */
function pathOf(url: string): string {
  return /^\w+:\/\/[^/]*([^?]*)/.exec(url)?.[1] ?? "";
}
