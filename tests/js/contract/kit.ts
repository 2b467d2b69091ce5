/** What the parts of the store contract share. */

import type { Commit, Store } from "../../../js/types.ts";
import type { Assert } from "../runtime.ts";

/** Some moment, seconds since 1970. */
export const T = 1_700_000_000;

/** A test's body; `kind` is the first segment of keys that no other test uses. */
type Run<More extends unknown[] = []> = (
  assert: Assert,
  store: Store,
  kind: string,
  ...more: More
) => Promise<void>;

/** How a part of the contract registers its tests. */
export interface Contract {
  test(title: string, run: Run): void;
  /** With a clock that stands at {@link T} until the test moves it. */
  timed(title: string, run: Run<[clock: { now: number }]>): void;
}

type Put = Commit["set"][number];

/** A commit that lacks nothing. */
export const change = (parts: Partial<Commit>): Commit => ({ check: [], set: [], delete: [], ...parts });
/** A record to write. */
export const put = (key: string, value = "v", expires_at: number | null = null): Put => ({
  key,
  value,
  expires_at,
});

/** The values, `null` where there is no record. */
export const values = async (store: Store, keys: string[]) =>
  (await store.get(keys)).map((found) => found?.value ?? null);
/** The version, `null` where there is no record. */
export const version = async (store: Store, key: string) => (await store.get([key]))[0]?.version ?? null;
/** A page without what is stored. */
export const pageKeys = async (store: Store, prefix: string, after: string | null, limit: number) => {
  const { entries, more } = await store.list(prefix, after, limit);
  return { keys: entries.map(({ key }) => key), more };
};
