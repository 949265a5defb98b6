import type { Logger } from "pino";

/** A network, and a promise that it comes up. */
interface Awaited {
  readonly network: string;
  readonly firstUp: Promise<void>;
}

/**
 * When a bridge counts as started: when every network was up; or, once it has waited long enough, when one was. It
 * waits for the first network for ever, since without any it serves nobody.
 */
export class Readiness {
  readonly #awaited: readonly Awaited[];
  readonly #waitMs: number;
  readonly #log: Logger;
  readonly #up = new Set<string>();
  readonly #reached = Promise.withResolvers<void>();
  #timer: NodeJS.Timeout | undefined;
  #isReached = false;
  #hasWaited = false;

  constructor(awaited: readonly Awaited[], waitMs: number, log: Logger) {
    this.#awaited = awaited;
    this.#waitMs = waitMs;
    this.#log = log;
  }

  get reached(): Promise<void> {
    return this.#reached.promise;
  }

  start(): void {
    this.#timer = setTimeout(() => {
      this.#hasWaited = true;
      this.#look();
    }, this.#waitMs).unref();
    for (const { network, firstUp } of this.#awaited) {
      firstUp.then(
        () => {
          this.#up.add(network);
          this.#look();
        },
        (error: unknown) => this.#reached.reject(error),
      );
    }
  }

  stop(): void {
    clearTimeout(this.#timer);
  }

  #look(): void {
    const away = this.#awaited.map(({ network }) => network).filter((network) => !this.#up.has(network));
    if (this.#isReached || this.#up.size === 0 || (away.length > 0 && !this.#hasWaited)) return;
    this.#isReached = true;
    this.stop();
    if (away.length > 0) this.#log.warn({ away }, "started without a network; its channels wait for it");
    this.#reached.resolve();
  }
}
