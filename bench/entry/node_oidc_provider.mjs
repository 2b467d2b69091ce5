// node-oidc-provider on Node: one provider an algorithm, at the same paths and with the same client,
// resource and lifetime as Edgegrant's.
import { createServer } from "node:http";
import Provider from "oidc-provider";

const { ORIGIN, PORT, CLIENT_SECRET } = process.env;
const SCOPE = "orders:read orders:write";

const mounts = new Map(
  ["ES256", "RS256"].map((alg) => {
    const path = `/${alg.toLowerCase()}`;
    const provider = new Provider(`${ORIGIN}${path}`, {
      // Its `jti` is seven characters longer than Edgegrant's: a shorter `kid` makes up for it.
      jwks: { keys: [{ ...JSON.parse(process.env[`KEY_${alg}`]), kid: alg }] },
      clients: [
        {
          client_id: "bench",
          client_secret: CLIENT_SECRET,
          token_endpoint_auth_method: "client_secret_basic",
          // Of the one algorithm that there is a key for.
          id_token_signed_response_alg: alg,
          grant_types: ["client_credentials"],
          redirect_uris: [],
          response_types: [],
          scope: SCOPE,
        },
      ],
      scopes: SCOPE.split(" "),
      features: {
        clientCredentials: { enabled: true },
        devInteractions: { enabled: false },
        resourceIndicators: {
          enabled: true,
          getResourceServerInfo: () => ({
            scope: SCOPE,
            accessTokenFormat: "jwt",
            accessTokenTTL: 3600,
            jwt: { sign: { alg } },
          }),
        },
      },
    });
    return [path, provider.callback()];
  }),
);

createServer((request, response) => {
  const end = request.url.indexOf("/", 1);
  const answer = mounts.get(request.url.slice(0, end));
  if (answer === undefined) return response.writeHead(404).end();
  // As a framework mounts it: the provider sees the path below its own.
  request.originalUrl = request.url;
  request.url = request.url.slice(end);
  answer(request, response);
}).listen(Number(PORT), "127.0.0.1");
