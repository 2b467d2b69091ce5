// A front end: it owns the wire to clients and people, and asks the back-end API what to do (README.md).
import { randomUUID } from "node:crypto";
import { createServer } from "node:http";

const { API, API_KEY, API_SECRET, PORT = "8080" } = process.env;

/** Who can be asked, by what clients call them. A real front end has a directory, and looks for `hintType` too. */
const people = new Map([
  ["alice", {}],
  ["carol", { userCode: "1234" }],
]);

/** What people are being asked, by ids of our own: the `auth_req_id` is the client's secret. */
const questions = new Map();

/** Asks the API. */
async function ask(operation, message) {
  const response = await fetch(`${API}/${operation}`, {
    method: "POST",
    headers: {
      authorization: `Basic ${btoa(`${API_KEY}:${API_SECRET}`)}`,
      "content-type": "application/json",
    },
    body: JSON.stringify(message),
    signal: AbortSignal.timeout(10_000),
  });
  return response.json();
}

/** A client's request as the API wants it: its body, and the credentials of its header as they stand there. */
function clientRequest(authorization = "", parameters) {
  const [, encoded] = /^basic ([\w+/=]+)$/i.exec(authorization) ?? [];
  const [, clientId, clientSecret] = /^([^:]*):(.*)$/s.exec(atob(encoded ?? "")) ?? [];
  return { parameters, clientId, clientSecret };
}

const STATUS = { OK: 200, BAD_REQUEST: 400, UNAUTHORIZED: 401, INVALID_CLIENT: 401, FORBIDDEN: 403 };

/** What the client is answered, in the API's exact words. */
function toClient({ action, responseContent = '{"error":"server_error"}' }, { clientId }) {
  // RFC 6749 §5.2: 401 is for those who used the header.
  const status = action === "INVALID_CLIENT" && clientId === undefined ? 400 : (STATUS[action] ?? 500);
  return { status, body: responseContent };
}

/** CIBA Core §7: a client asks for an authentication. */
async function authenticate(client) {
  const found = await ask("backchannel/authentication", client);
  if (found.action !== "USER_IDENTIFICATION") return toClient(found, client);
  const { ticket, hint, sub, userCode, clientName, scopes, bindingMessage } = found;
  const subject = sub ?? hint;
  const reason = whyNot(people.get(subject), userCode);
  if (reason) return toClient(await ask("backchannel/authentication/fail", { ticket, reason }), client);
  const issued = await ask("backchannel/authentication/issue", { ticket });
  if (issued.action === "OK") {
    const id = randomUUID();
    const shown = { id, client: clientName, scope: scopes.map(({ name }) => name), bindingMessage };
    questions.set(id, { ticket, subject, shown });
    setTimeout(() => questions.delete(id), issued.expiresIn * 1000).unref();
  }
  return toClient(issued, client);
}

/** Why somebody is not asked, if they are not. */
function whyNot(person, userCode) {
  if (person === undefined) return "UNKNOWN_USER_ID";
  if (person.userCode === undefined || person.userCode === userCode) return undefined;
  return userCode === undefined ? "MISSING_USER_CODE" : "INVALID_USER_CODE";
}

/** CIBA Core §10.1: a client fetches its tokens. */
const token = async (client) => toClient(await ask("auth/token", client), client);

/** `GET /device/alice`: what a person is asked. A real device says first, and proves, whose it is. */
const asked = (subject) =>
  json([...questions.values()].filter((one) => one.subject === subject).map(({ shown }) => shown));

/** `POST /device/alice/{id}/allow` or `/deny`: their answer. The client is told, where it waits for that. */
async function decide(subject, id, answer) {
  const question = questions.get(id);
  if (question?.subject !== subject || !["allow", "deny"].includes(answer)) return NOT_FOUND;
  questions.delete(id);
  const decision =
    answer === "allow"
      ? { result: "AUTHORIZED", subject, authTime: Math.floor(Date.now() / 1000) }
      : { result: "ACCESS_DENIED", errorDescription: "They said no." };
  const done = await ask("backchannel/authentication/complete", { ticket: question.ticket, ...decision });
  if (done.action === "SERVER_ERROR") return json({ error: done.resultMessage }, 500);
  if (done.action === "NOTIFICATION") notify(done);
  return json({ result: decision.result });
}

/** CIBA Core §10.2, §10.3: a ping or a push. A real front end sends again where that fails. */
function notify({ clientNotificationEndpoint, clientNotificationToken, responseContent }) {
  fetch(clientNotificationEndpoint, {
    method: "POST",
    headers: { authorization: `Bearer ${clientNotificationToken}`, "content-type": "application/json" },
    body: responseContent,
    redirect: "manual",
    signal: AbortSignal.timeout(5_000),
  })
    .then((response) => response.body?.cancel())
    .catch((error) => console.error(`${clientNotificationEndpoint}: ${error.message}`));
}

const json = (value, status = 200) => ({ status, body: JSON.stringify(value) });
const NOT_FOUND = json({ error: "not_found" }, 404);

async function answer({ method, url, headers }, body) {
  const [, place, subject, id, decision, ...more] = url.split("/");
  const route = `${method} /${place}`;
  if (subject === undefined && route === "POST /bc-authorize")
    return authenticate(clientRequest(headers.authorization, body));
  if (subject === undefined && route === "POST /token")
    return token(clientRequest(headers.authorization, body));
  if (id === undefined && route === "GET /device") return asked(subject);
  if (more.length === 0 && route === "POST /device") return decide(subject, id, decision);
  return NOT_FOUND;
}

const HEADERS = { "content-type": "application/json", "cache-control": "no-store" };

createServer(async (request, response) => {
  let answered = json({ error: "server_error" }, 500);
  try {
    let body = "";
    for await (const part of request.setEncoding("utf8")) {
      body += part;
      if (body.length > 65_536) throw new Error("a body is too long");
    }
    answered = await answer(request, body);
  } catch (error) {
    console.error(error.message);
  }
  const challenge = answered.status === 401 ? { "www-authenticate": 'Basic realm="front end"' } : {};
  response.writeHead(answered.status, { ...HEADERS, ...challenge }).end(answered.body);
}).listen(Number(PORT), "127.0.0.1", () => console.log(`http://127.0.0.1:${PORT}`));
