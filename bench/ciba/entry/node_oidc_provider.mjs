// node-oidc-provider on Node, with the same client, scope, resource and lifetimes.
import { createServer } from "node:http";
import Provider from "oidc-provider";
import { GRANT, RESOURCE, SCOPE } from "./shape.mjs";

const { ORIGIN, PORT, CLIENT_SECRET, KEY_ES256 } = process.env;
const resourceScope = SCOPE.replace("openid ", "");

const provider = new Provider(ORIGIN, {
  jwks: { keys: [JSON.parse(KEY_ES256)] },
  clients: [
    {
      client_id: "bench",
      client_secret: CLIENT_SECRET,
      token_endpoint_auth_method: "client_secret_basic",
      id_token_signed_response_alg: "ES256",
      grant_types: [GRANT],
      backchannel_token_delivery_mode: "poll",
      redirect_uris: [],
      response_types: [],
      scope: SCOPE,
    },
  ],
  scopes: SCOPE.split(" "),
  ttl: { BackchannelAuthenticationRequest: 120, IdToken: 3600 },
  findAccount: (_context, accountId) => ({ accountId, claims: () => ({ sub: accountId }) }),
  features: {
    ciba: {
      enabled: true,
      deliveryModes: ["poll"],
      processLoginHint: (_context, hint) => hint,
      validateBindingMessage() {},
      validateRequestContext() {},
      verifyUserCode() {},
      triggerAuthenticationDevice() {},
    },
    devInteractions: { enabled: false },
    resourceIndicators: {
      enabled: true,
      getResourceServerInfo: () => ({
        scope: resourceScope,
        accessTokenFormat: "jwt",
        accessTokenTTL: 3600,
        jwt: { sign: { alg: "ES256" } },
      }),
      useGrantedResource: () => true,
    },
  },
});

/** What a person's agreement is there: a grant, and the request that it is for. */
async function agree(auth_req_id) {
  const request = await provider.BackchannelAuthenticationRequest.find(auth_req_id);
  const grant = new provider.Grant({ clientId: request.clientId, accountId: request.accountId });
  grant.addOIDCScope("openid");
  grant.addResourceScope(RESOURCE, resourceScope);
  await grant.save();
  await provider.backchannelResult(request, grant, { authTime: Math.floor(Date.now() / 1000) });
  return { outcome: "completed" };
}

const answer = provider.callback();
createServer(async (incoming, outgoing) => {
  if (!incoming.url.startsWith("/_bench/")) return answer(incoming, outgoing);
  outgoing.end(JSON.stringify(await agree(incoming.url.slice("/_bench/agree/".length))));
}).listen(Number(PORT), "127.0.0.1");
