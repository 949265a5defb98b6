import { NetworkError } from "../network.ts";
import type { Network, Publication } from "../network.ts";

/** What hands a message to the network: the network itself, or one user there. */
export type Publisher = Pick<Network, "publish">;

interface Held {
  /** Order of arrival: what comes back unsent goes to its old place. */
  readonly number: number;
  readonly publication: Publication;
  readonly publisher: Publisher;
  readonly deadlineMs: number;
  readonly resolve: () => void;
  readonly reject: (error: unknown) => void;
}

/**
 * The publishes of one channel that the network has not been given yet, in their order.
 *
 * While the network is away they wait, each until its deadline. What the network gives back unsent waits again.
 */
export class Outbox {
  readonly #channel: string;
  readonly #network: Network;
  readonly #now: () => number;
  #held: Held[] = [];
  #counter = 0;
  #inFlight = 0;
  #isOpen = false;
  #pausedUntilMs = 0;

  constructor(channel: string, network: Network, now: () => number) {
    this.#channel = channel;
    this.#network = network;
    this.#now = now;
  }

  /** Publishes that wait or are on their way. */
  get pending(): number {
    return this.#held.length + this.#inFlight;
  }

  /**
   * Resolves when the network has it.
   *
   * @param publisher who says it
   * @throws NetworkError
   */
  publish(publication: Publication, deadlineMs: number, publisher: Publisher = this.#network): Promise<void> {
    return new Promise((resolve, reject) => {
      this.#held.push({ number: ++this.#counter, publication, publisher, deadlineMs, resolve, reject });
      this.#pump();
    });
  }

  /** The channel is joined and its network is up: what waits goes out. */
  open(): void {
    this.#isOpen = true;
    this.#pausedUntilMs = 0;
    this.#pump();
  }

  close(): void {
    this.#isOpen = false;
  }

  /** Gives up on whatever waits, e.g. because the network refuses the channel. */
  fail(error: NetworkError): void {
    const held = this.#held;
    this.#held = [];
    for (const one of held) one.reject(error);
  }

  /** Tries again after a pause, and gives up on what waited too long. Called by the sweep. */
  sweep(): void {
    const now = this.#now();
    const isLate = (one: Held) => one.deadlineMs <= now;
    const late = this.#held.filter(isLate);
    if (late.length > 0) this.#held = this.#held.filter((one) => !isLate(one));
    for (const one of late)
      one.reject(new NetworkError("unavailable", `${this.#network.name} is away; nothing was sent`));
    this.#pump();
  }

  #pump(): void {
    while (this.#isOpen && this.#now() >= this.#pausedUntilMs) {
      const next = this.#held.shift();
      if (next === undefined) return;
      this.#inFlight += 1;
      next.publisher.publish(this.#channel, next.publication).then(
        () => {
          this.#inFlight -= 1;
          next.resolve();
        },
        (error: unknown) => {
          this.#inFlight -= 1;
          this.#onFailure(next, error);
        },
      );
    }
  }

  #onFailure(failed: Held, error: unknown): void {
    const wasUnsent = error instanceof NetworkError && error.kind === "unavailable";
    // A user of its own has waited by itself, and must not hold up the others.
    const isFinal = failed.publisher !== this.#network;
    if (!wasUnsent || isFinal || failed.deadlineMs <= this.#now()) {
      failed.reject(error);
      return;
    }
    const position = this.#held.findIndex((one) => one.number > failed.number);
    this.#held.splice(position < 0 ? this.#held.length : position, 0, failed);
    this.#pausedUntilMs = this.#now() + RETRY_MS;
  }
}

/** A network that gives publishes back is asked again at this interval, by the sweep. */
const RETRY_MS = 200;
