// The bound in workerd: a Worker that does nothing but sign, each time another input of a token's size.
const RS256 = { name: "RSASSA-PKCS1-v1_5", hash: "SHA-256" };
let key;
let input;

export default {
  async fetch(_request, env) {
    key ??= await crypto.subtle.importKey("jwk", JSON.parse(env.KEY_RS256), RS256, false, ["sign"]);
    input ??= new Uint8Array(Number(env.INPUT_BYTES));
    crypto.getRandomValues(input.subarray(0, 16));
    return new Response(await crypto.subtle.sign(RS256.name, key, input));
  },
};
