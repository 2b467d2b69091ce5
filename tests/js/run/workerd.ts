/// <reference types="@cloudflare/workers-types" />
/** The suite in workerd: a Worker that runs it when asked, once, and answers the report. */

import inspectorGlue from "../../../js/core/inspector.js";
import inspector from "../../../js/core/inspector.wasm";
import verifierGlue from "../../../js/core/verifier.js";
import verifier from "../../../js/core/verifier.wasm";
import { cloudflareKv } from "../../../js/store/cloudflare_kv.ts";
import { durableObject, EdgegrantState, outboxName, shardName } from "../../../js/store/durable_object.ts";
import { memory } from "../../../js/store/memory.ts";
import wasm from "../core/edgegrant.wasm";
import glue from "../core/glue.js";
import type { Keeps, Observed } from "../runtime.ts";
import { report } from "./report.ts";

interface Env {
  REGISTRY: KVNamespace;
  STATE: DurableObjectNamespace<ObservedState>;
  TARGET: string;
}

/** As a deployment declares it. */
const deployed = (namespace: Env["STATE"]) => namespace as unknown as DurableObjectNamespace<EdgegrantState>;

/** The object as it is deployed, with windows. */
export class ObservedState extends EdgegrantState {
  #ended = () => {};

  async held(): ReturnType<Observed["held"]> {
    const rows = this.ctx.storage.sql.exec<{ key: string }>("SELECT key FROM record ORDER BY key");
    return { keys: [...rows].map(({ key }) => key), due: await this.ctx.storage.getAlarm() };
  }

  async cleanUp(): Promise<void> {
    const ended = new Promise<void>((resolve) => {
      this.#ended = resolve;
    });
    await this.ctx.storage.setAlarm(Date.now());
    await ended;
  }

  kept(): number {
    return this.ctx.storage.sql.exec<{ kept: number }>("SELECT count(*) AS kept FROM notification").one()
      .kept;
  }

  /** Ends this object as a failing machine would. */
  crash(): void {
    this.ctx.abort("a test wants it so");
  }

  override async alarm(): Promise<void> {
    await super.alarm();
    this.#ended();
  }
}

/** One object alone, so that all of it can be looked at. */
function observed(namespace: Env["STATE"], name: string, now: () => number): Observed {
  const shards = 1;
  const idFromName = (shard: string) => namespace.idFromName(`${name} ${shard}`);
  const named = { idFromName, get: (id: DurableObjectId) => namespace.get(id) } as Env["STATE"];
  const object = named.get(named.idFromName(shardName(0, shards)));
  return {
    store: durableObject(deployed(named), { shards, now }),
    held: () => object.held(),
    cleanUp: () => object.cleanUp(),
  };
}

/** What keeps notifications to the host of an URL. */
function keeps(namespace: Env["STATE"]): Keeps {
  const object = (url: string) => namespace.get(namespace.idFromName(outboxName(url)));
  return {
    async lose(outbound, underWay) {
      await object(outbound.url).enqueue(outbound);
      await underWay();
      await object(outbound.url)
        .crash()
        .catch(() => {});
    },
    held: (url) => object(url).kept(),
  };
}

/** Rejections that nobody awaited: other runtimes end on them, workerd goes on. */
const unhandled: string[] = [];
addEventListener("unhandledrejection", ({ reason }: PromiseRejectionEvent) => {
  unhandled.push(String(reason?.stack ?? reason));
});

export default {
  async fetch(request: Request, { REGISTRY, STATE, TARGET }: Env): Promise<Response> {
    const result = await report({
      name: "workerd",
      restarted: new URL(request.url).pathname === "/restarted",
      target: TARGET,
      core: () => () => glue(wasm),
      verifierCore: () => () => verifierGlue(verifier),
      inspectorCore: () => () => inspectorGlue(inspector),
      stores: [
        { name: "memory", persistent: false, open: async (now) => memory({ now }) },
        { name: "cloudflare_kv", persistent: true, open: async (now) => cloudflareKv(REGISTRY, { now }) },
        {
          name: "durable_object",
          persistent: true,
          open: async (now) => durableObject(deployed(STATE), { now }),
          observed: (name, now) => observed(STATE, name, now),
          keeps: keeps(STATE),
        },
      ],
    });
    if (unhandled.length > 0) result.failed.push({ name: "unhandled rejections", errors: unhandled });
    return Response.json(result);
  },
};
