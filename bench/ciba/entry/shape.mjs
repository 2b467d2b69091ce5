// What both sides serve.

export const GRANT = "urn:openid:params:grant-type:ciba";
export const SCOPE = "openid orders:read orders:write";
export const RESOURCE = "https://api.example.com/orders";
/** How long a client waits between polls, in seconds. */
export const INTERVAL = 5;
