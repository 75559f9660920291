// Time of the emulator. Everything that waits asks here, so that tests may turn the hands themselves.
export interface Clock {
  now(): number;
  /** Calls once, later; returns what takes the call back. */
  after(ms: number, call: () => void): () => void;
}

export const realClock: Clock = {
  now: Date.now,
  after: (ms, call) => {
    const timer = setTimeout(call, ms);
    return () => clearTimeout(timer);
  },
};

type Waiting = { readonly at: number; readonly call: () => void };

/** Stands still until it is turned. */
export class HandClock implements Clock {
  #now: number;
  readonly #waiting = new Set<Waiting>();

  constructor(start = Date.UTC(2026, 0, 1)) {
    this.#now = start;
  }

  now(): number {
    return this.#now;
  }

  after(ms: number, call: () => void): () => void {
    const waiting = { at: this.#now + ms, call };
    this.#waiting.add(waiting);
    return () => void this.#waiting.delete(waiting);
  }

  /** Everything due until then happens in its order, also what is asked for on the way. */
  turn(ms: number): void {
    const end = this.#now + ms;
    for (;;) {
      const due = [...this.#waiting].filter(({ at }) => at <= end).toSorted((one, other) => one.at - other.at)[0];
      if (due === undefined) break;
      this.#waiting.delete(due);
      this.#now = due.at;
      due.call();
    }
    this.#now = end;
  }
}
