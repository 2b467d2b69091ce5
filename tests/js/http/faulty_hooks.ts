/**
 * A deployment whose people are known, and asked, by hooks. What the hooks do follows from the `login_hint`, which is
 * the subject too; whoever is asked is kept until a test decides.
 */

import { createEdgegrant, type Edgegrant, type EdgegrantOptions } from "../../../js/index.ts";
import type { AuthenticationRequest, Hint, Identified } from "../../../js/types.ts";

/** Where it is served. `/patient` lets polls wait. */
export const MOUNTS: Record<string, object> = { "/hooked": {}, "/patient": { long_polling: 30 } };

/** Known by every test of it. */
const CODE = "123456";

const secret = { env: "CLIENT_SECRET" };
const client = (client_id: string, more: object) => ({
  client_id,
  client_name: `Client ${client_id}`,
  client_secret: secret,
  issuers: Object.keys(MOUNTS),
  scope: "openid profile",
  grant_types: ["urn:openid:params:grant-type:ciba", "refresh_token"],
  backchannel_user_code_parameter: true,
  ...more,
});
const told = (backchannel_token_delivery_mode: string, name: string) => ({
  backchannel_token_delivery_mode,
  backchannel_client_notification_endpoint: { env: name },
});

const CONFIGURATION = {
  dev: true,
  dev_env: {},
  origin: { env: "ORIGIN" },
  issuers: Object.entries(MOUNTS).map(([path, ciba]) => ({
    path,
    keys: [{ alg: "ES256", private_key: { env: "KEY" } }],
    scope: "openid profile",
    ciba: { acr_values: ["silver"], authorization_details_types: ["payment"], ...ciba },
  })),
  clients: [
    client("poll", {}),
    client("ping", told("ping", "PING_LISTEN")),
    client("push", told("push", "PUSH_LISTEN")),
    client("elsewhere", told("ping", "ELSEWHERE_LISTEN")),
  ],
};

/** The deployment, and what the tests tell it. */
export interface Hooked {
  edgegrant: Edgegrant;
  /** By path, as those of {@link faulty}. */
  commands: Record<string, (body: string) => Promise<object> | object>;
}

/** Starts it. */
export async function hooked(parts: Omit<EdgegrantOptions, "config" | "hooks">): Promise<Hooked> {
  const asked: AuthenticationRequest[] = [];
  const disabled = new Set<string>();
  const never = () => new Promise<never>(() => {});

  const identify = ({ hint, user_code }: Hint): Identified | null | Promise<never> => {
    if (hint === "identify throws") throw new Error("on demand");
    if (hint === "identify hangs") return never();
    if (hint === "nobody") return null;
    if (!hint.startsWith("coded")) return { sub: hint };
    if (user_code === null) return { sub: hint, user_code: "missing" };
    return { sub: hint, user_code: user_code === CODE ? null : "wrong" };
  };
  const notifyUser = async (request: AuthenticationRequest): Promise<void> => {
    asked.push(request);
    if (request.sub === "notifyUser throws") throw new Error("on demand");
    if (request.sub === "notifyUser hangs") await never();
    if (request.sub === "agrees at once")
      await edgegrant.operator.complete(request.ticket, { outcome: "authorized" });
    if (request.sub === "refuses at once")
      await edgegrant.operator.complete(request.ticket, { outcome: "access_denied" });
  };
  const elsewhere = new URL(String(parts.env["PING_LISTEN"]));
  elsewhere.port = String(Number(elsewhere.port) + 1);
  const edgegrant: Edgegrant = await createEdgegrant({
    ...parts,
    env: { ...parts.env, ELSEWHERE_LISTEN: elsewhere.href },
    config: CONFIGURATION,
    hooks: { identify, notifyUser, subject: ({ sub }) => ({ active: !disabled.has(sub) }) },
  });
  return {
    edgegrant,
    commands: {
      "/_test/asked": () => asked,
      "/_test/disable": (sub) => {
        disabled.add(sub);
        return {};
      },
      "/_test/complete": (body) => {
        const { ticket, result } = JSON.parse(body);
        return edgegrant.operator.complete(ticket, result).then(
          (result) => ({ result }),
          (error: unknown) => ({ error: String(error) }),
        );
      },
    },
  };
}
