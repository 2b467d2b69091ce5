/** Promises that a test settles when it wants to. */

/** Calls that wait to be let through. */
export class Park {
  #waiting: (() => void)[] = [];
  #arrivals: { count: number; reached: () => void }[] = [];

  /** Waits until the test releases it. */
  wait(): Promise<void> {
    return new Promise((resolve) => {
      this.#waiting.push(resolve);
      for (const { count, reached } of this.#arrivals) if (this.#waiting.length >= count) reached();
    });
  }

  /** Settles once `count` calls wait here. */
  holds(count: number): Promise<void> {
    return new Promise((reached) => {
      if (this.#waiting.length >= count) reached();
      else this.#arrivals.push({ count, reached });
    });
  }

  /** Lets through all that wait now. */
  release(): void {
    for (const resolve of this.#waiting.splice(0)) resolve();
  }
}
