// A client whose endpoint hangs, beside one of another host: the queue of the one is not the queue of the other.

import { randomUUID } from "node:crypto";
import { times } from "./backchannel.mjs";
import { Hooked } from "./ciba_hooks.mjs";
import { NotificationListener, status } from "./notified.mjs";

const AUTHORIZED = { outcome: "authorized" };
/** More than a runtime has on their way at once. */
const HANGING = 24;

export function cibaSlow({ test }, server) {
  const back = new Hooked(server);

  test(`while ${HANGING} notifications hang, another host is told, and all can fetch`, async (assert) => {
    const [here, elsewhere] = [new NotificationListener(), new NotificationListener()];
    const url = new URL(server.env.PING_LISTEN);
    await here.open(url);
    url.port = String(Number(url.port) + 1);
    await elsewhere.open(url);
    try {
      const tokens = Array.from({ length: HANGING }, () => randomUUID());
      for (const token of tokens) elsewhere.answer(token, () => {});
      const client = (name) => ({ auth: back.basic(name) });
      const begin = (token, name) => back.begin(assert, { client_notification_token: token }, client(name));
      const hung = await times(HANGING, (n) => begin(tokens[n], "elsewhere"));
      await Promise.all(hung.map(({ ticket }) => back.complete(ticket, AUTHORIZED)));
      const [{ response }] = await Promise.race(tokens.map((token) => elsewhere.wait(token)));

      const token = randomUUID();
      here.answer(token, status(204));
      const { ticket, auth_req_id } = await begin(token, "ping");
      await back.complete(ticket, AUTHORIZED);
      await here.wait(token);
      assert.false(response.destroyed, "the first that came hangs to this moment");
      await back.issue(assert, auth_req_id, client("ping"));
      await Promise.all(hung.map(({ auth_req_id }) => back.issue(assert, auth_req_id, client("elsewhere"))));
    } finally {
      await Promise.all([here.close(), elsewhere.close()]);
    }
  });
}
