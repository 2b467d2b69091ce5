/** Rules for the access tokens of five deployed systems. */

export { authlete } from "./presets/authlete.ts";
export { decathlon } from "./presets/decathlon.ts";
export { decodeClientId, type HiiRetailClient, hii_retail } from "./presets/hii_retail.ts";
export { type OpenGatewayOptions, open_gateway } from "./presets/open_gateway.ts";
export type { JwtAccessTokens, Keys, OtherKeys } from "./presets/preset.ts";
export { type YaasOptions, yaas } from "./presets/yaas.ts";
