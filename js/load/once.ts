/** What is loaded when it is first needed. */

/** Makes once what `make` makes, when it is first asked for; what failed, a network perhaps, is tried again. */
export function once<T>(make: () => Promise<T>): () => Promise<T> {
  let made: Promise<T> | undefined;
  return () => {
    made ??= make().catch((error: unknown) => {
      made = undefined;
      throw error;
    });
    return made;
  };
}
