// The moments of a trial: before and after every effect, by name. What a trial has planned for a moment happens there, once.

/** What is thrown at a moment; whoever reaches it makes of it what it means there. */
export class WorkerDies extends Error {}
export class JobDies extends Error {}
export class DiskSays extends Error {
  readonly code: string;

  constructor(code: string) {
    super(`${code}: made up by the campaign`);
    this.code = code;
  }
}

type Plan = { readonly at: string; readonly happen: () => void | Promise<void> };

export class Moments {
  #plans: Plan[] = [];
  #busy = 0;
  #last = Date.now();
  /** Of the plans, those that came to pass; for the tale of a trial. */
  readonly happened: string[] = [];

  plan(at: string, happen: Plan['happen']): void {
    this.#plans.push({ at, happen });
  }

  /** What has not come to pass by now never does. */
  clear(): void {
    this.#plans = [];
  }

  async reach(name: string): Promise<void> {
    this.#last = Date.now();
    const found = this.#plans.find(({ at }) => at === name);
    if (found === undefined) return;
    this.#plans = this.#plans.filter((plan) => plan !== found);
    this.happened.push(name);
    await found.happen();
  }

  async during<Result>(work: () => Promise<Result>): Promise<Result> {
    this.#busy += 1;
    this.#last = Date.now();
    try {
      return await work();
    } finally {
      this.#busy -= 1;
      this.#last = Date.now();
    }
  }

  /** Nothing goes on: only time would move the trial. */
  isQuiet(ms: number): boolean {
    return this.#busy === 0 && Date.now() - this.#last > ms;
  }
}
