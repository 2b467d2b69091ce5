// Edgegrant as it is measured in every runtime, and what the bench asks of it beside the protocol.
import { createEdgegrant } from "edgegrant";

const memories = [];
const { Instance } = WebAssembly;
WebAssembly.Instance = class extends Instance {
  constructor(...given) {
    super(...given);
    memories.push(this.exports.memory);
  }
};

/** The id that a ticket and its auth_req_id have in common. */
const idOf = (name) => name.slice(0, name.indexOf("."));

/** `tell`: more of the process's state, and of how many records its store holds. */
export async function serve({ env, core, store, tell }) {
  const tickets = new Map();
  const behind = Number(env.BEHIND ?? 0) * 1000;
  const edgegrant = await createEdgegrant({
    config: JSON.parse(env.CONFIG),
    env,
    core,
    state: store,
    registry: store,
    now: () => Date.now() - behind,
    hooks: {
      identify: ({ hint }) => ({ sub: hint }),
      subject: () => ({ active: true }),
      notifyUser: ({ ticket }) => tickets.set(idOf(ticket), ticket),
    },
  });
  return { edgegrant, bench };

  /** Answers `/_bench/…`. */
  async function bench(path) {
    if (path === "/_bench/state") {
      const wasm = memories.reduce((sum, { buffer }) => sum + buffer.byteLength, 0);
      return { wasm, ...(await tell()) };
    }
    const id = idOf(path.slice("/_bench/agree/".length));
    const ticket = tickets.get(id);
    tickets.delete(id);
    const auth_time = Math.floor((Date.now() - behind) / 1000);
    return edgegrant.operator.complete(ticket, { outcome: "authorized", auth_time });
  }
}
