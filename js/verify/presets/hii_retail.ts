/** Hii Retail. */

import { isAlias, isMap, isNode, isScalar, type Node, parseDocument, visit } from "yaml";
import type { Claims, Rules } from "../types.ts";
import { type Keys, keysOf, type OtherKeys } from "./preset.ts";

/** The client that a client id describes. */
export interface HiiRetailClient {
  software_id: string;
  software_version: string;
  /** The tenant whose registration template the client was registered from; absent: a global template. */
  software_tenant?: string;
  tenant_id: string;
  /** What the client was registered with, e.g. `business_unit_id`, with the types that it had. */
  claims: Claims;
}

/** Longest text within a client id, bytes. */
const LONGEST = 4_096;
/** Most brackets in it, and the furthest that its lines are indented: together, how deep it can be nested. */
const DEEPEST = 64;
const INDENTED_TOO_FAR = new RegExp(`^[-?: \\t]{${DEEPEST + 1}}`, "m");

/**
 * Access tokens of Hii Retail: RS256, `typ` `JWT`, `iss` with a slash at its end, `scp` in place of `scope`,
 * `sub` the client. `details` is the client that the id describes.
 *
 * Dialect: "Token", "Verification at a resource".
 */
export function hii_retail({
  issuer,
  audience = "https://hiiretail.com",
  ...keys
}: { issuer: string; audience?: string | string[] } & OtherKeys): Rules &
  Keys & { details: (claims: Claims) => HiiRetailClient } {
  return {
    ...keysOf(issuer, keys),
    issuer,
    audience,
    algorithms: ["RS256"],
    typ: "JWT",
    required_claims: ["client_id", "iat", "jti", "nbf", "scp", "sub"],
    details: ({ client_id }) => {
      if (typeof client_id !== "string") throw new Error("client_id is not a string");
      return decodeClientId(client_id);
    },
  };
}

/**
 * Reads a client id: unpadded base64url of YAML, which holds the claims, `sfw`
 * (`softwareId@softwareVersion[@tenantId]`) and `tid`.
 *
 * Dialect: "Registration", "The client id describes the client".
 *
 * @throws Error that says what of it is malformed
 */
export function decodeClientId(client_id: string): HiiRetailClient {
  const { sfw, tid, ...claims } = readYaml(readText(client_id));
  if (typeof tid !== "string" || tid === "") throw new Error("client_id: tid is not a text");
  const [software_id, software_version, software_tenant, ...more] =
    typeof sfw === "string" ? sfw.split("@") : [];
  if (!software_id || !software_version || software_tenant === "" || more.length > 0) {
    throw new Error("client_id: sfw is not softwareId@softwareVersion[@tenantId]");
  }
  const software = {
    software_id,
    software_version,
    ...(software_tenant !== undefined && { software_tenant }),
  };
  return { ...software, tenant_id: tid, claims };
}

function readText(client_id: string): string {
  if (client_id.length > Math.ceil((LONGEST * 4) / 3)) {
    throw new Error(`client_id: longer than ${LONGEST} bytes of text`);
  }
  const standard = client_id.replaceAll("-", "+").replaceAll("_", "/");
  try {
    const bytes = atob(standard);
    // No padding, no `+` and `/`, no bits left over (RFC 4648 §3.5): else one client would have several ids.
    if (!/^[\w-]+$/.test(client_id) || btoa(bytes).replace(/=+$/, "") !== standard)
      throw new Error("not canonical");
    const octets = Uint8Array.from(bytes, (byte) => byte.charCodeAt(0));
    return new TextDecoder("utf-8", { fatal: true }).decode(octets);
  } catch (cause) {
    throw new Error("client_id: not the unpadded base64url of a text", { cause });
  }
}

function readYaml(text: string): Record<string, unknown> {
  // Parsing recurses, and at its end the stack can take the process along.
  if (text.split(/[[{]/).length - 1 > DEEPEST || INDENTED_TOO_FAR.test(text)) {
    throw new Error("client_id: the claims are nested too deeply");
  }
  // A directive could ask for the types of another version, in which `no` is a boolean.
  if (text.startsWith("%")) throw new Error("client_id: YAML directives are not read");
  const document = parseDocument(text, {
    version: "1.2",
    schema: "core",
    strict: true,
    uniqueKeys: true,
    stringKeys: true,
    prettyErrors: false,
    // "silent" would also pass over further documents.
    logLevel: "error",
  });
  const [mistake] = [...document.errors, ...document.warnings];
  if (mistake) throw new Error(`client_id: not YAML: ${mistake.message}`);
  visit(document, (key, node) => {
    if (isAlias(node)) throw new Error("client_id: YAML aliases are not read");
    if (isNode(node)) checkNode(node);
    if (key === "key" && isScalar(node) && node.value === "<<") {
      throw new Error("client_id: YAML merges are not read");
    }
  });
  if (!isMap(document.contents)) throw new Error("client_id: not a YAML mapping");
  return document.toJS({ maxAliasCount: 0 });
}

function checkNode(node: Node): void {
  if ("anchor" in node && node.anchor) throw new Error("client_id: YAML anchors are not read");
  if (node.tag) throw new Error("client_id: YAML tags are not read");
  // Else two tills with long numbers could become one.
  if (isScalar(node) && typeof node.value === "number" && !isExact(node.value)) {
    throw new Error("client_id: a number cannot be kept exactly");
  }
}

function isExact(value: number): boolean {
  return Number.isFinite(value) && (!Number.isInteger(value) || Number.isSafeInteger(value));
}
