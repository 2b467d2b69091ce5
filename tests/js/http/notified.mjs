// Where the demo's clients listen for what they are told, CIBA Core §10.2, §10.3.

import { createServer } from "node:http";

/** The longest wait for a notification, milliseconds: more than all attempts together take. */
const DEADLINE = 60_000;

/** Answers by status. */
export const status = (code) => (response) => response.writeHead(code).end();

/** Listens at the port of `url` until it is closed; answers each client_notification_token as it was told to. */
export class NotificationListener {
  /** By client_notification_token: what came, the oldest first. */
  #heard = new Map();
  #answers = new Map();
  /** What looks whether enough came, each with the timer that ends it. */
  #waiting = new Map();
  #server;
  /** Paths of all that came with no token that is expected. */
  strays = [];

  async open(url) {
    const { port, hostname } = new URL(url);
    this.#server = createServer((request, response) => this.#take(request, response));
    await new Promise((resolve, reject) => {
      this.#server.once("error", reject).listen(Number(port), hostname, resolve);
    });
  }

  /** Ends all connections, too. */
  async close() {
    const closed = new Promise((resolve) => this.#server.close(resolve));
    this.#server.closeAllConnections();
    for (const timer of this.#waiting.values()) clearTimeout(timer);
    await closed;
  }

  /** Has notifications with this token answered: each by the next of `answers`, then by the last. */
  answer(token, ...answers) {
    this.#answers.set(token, answers);
    this.#heard.set(token, []);
  }

  /** What came with this token so far. */
  heard(token) {
    return this.#heard.get(token) ?? [];
  }

  /** What came with this token, once it is `count`. */
  wait(token, count = 1) {
    const heard = this.heard(token);
    if (heard.length >= count) return heard;
    return new Promise((resolve, reject) => {
      const late = () => reject(new Error(`heard ${heard.length} of ${count} notifications of ${token}`));
      const timer = setTimeout(late, DEADLINE);
      const look = () => {
        if (heard.length < count) return;
        clearTimeout(timer);
        this.#waiting.delete(look);
        resolve(heard);
      };
      this.#waiting.set(look, timer);
    });
  }

  async #take(request, response) {
    response.on("error", () => {});
    request.on("error", () => {});
    const { method, url, headers } = request;
    const [, token] = /^Bearer (.*)$/.exec(headers.authorization ?? "") ?? [];
    const answers = this.#answers.get(token);
    if (answers === undefined) {
      this.strays.push(url);
      response.writeHead(204).end();
      return;
    }
    const parts = await request.toArray().catch(() => []);
    const heard = this.heard(token);
    heard.push({ method, path: url, headers, text: Buffer.concat(parts).toString(), response });
    const answer = answers[Math.min(heard.length, answers.length) - 1];
    answer(response);
    for (const look of [...this.#waiting.keys()]) look();
  }
}
