// What the measured process does when asked: the clock is the asker's, since workerd's stands still.
import { CASES } from "./cases.mjs";

const prepared = new Map();

/** `keys`: private JWKs by algorithm. */
export async function answer(url, keys) {
  const { searchParams: asked } = new URL(url);
  const [name, subject, alg] = ["case", "subject", "alg"].map((parameter) => asked.get(parameter));
  if (name === null) return "ready";
  const [count, flight, times] = ["count", "flight", "times"].map((parameter) =>
    Number(asked.get(parameter)),
  );
  const key = `${name} ${subject} ${alg}`;
  if (!prepared.has(key)) prepared.set(key, await CASES[name][subject].prepare(keys[alg]));
  const run = prepared.get(key);
  let last;
  for (let time = 0; time < times; time++) last = await run(count, flight);
  return typeof last === "string" ? last : "";
}
