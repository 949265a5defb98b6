import { setTimeout as delay } from "node:timers/promises";
import type { Logger } from "pino";
import type { Link } from "../link/index.ts";
import type { Cluster } from "./cluster.ts";
import { clusterPayload } from "./control.ts";
import { clusterOf, type Membership } from "./membership.ts";
import { OvertakenError } from "./council-options.ts";

/** Until a table that could not be agreed to is tried again. */
const RETRY_MS = 1_000;
/** A large cluster that changes all the time is told its tables at this rate; what changes meanwhile leaves together. */
export const BYTES_PER_MS = 100_000;
/** But at least so often. */
export const MAX_GAP_MS = 250;

export interface PublisherOptions {
  /** Puts a table into force. */
  readonly council: Agreement;
  readonly log: Logger;
  readonly membership: Membership;
  /** Everybody who is to be told. */
  readonly links: () => Iterable<Link>;
}

/** Where a table is agreed to. */
export interface Agreement {
  /** Resolves when it is on the disk and enough have agreed. @throws Error where it is not to be */
  write(membership: Membership): Promise<void>;
  /** Something newer waits. */
  overtake(): void;
  /** Whether whoever is at the other end knows it already when it is in force. */
  tells(link: Link): boolean;
}

/** Tells everybody of each table, once it is in force; tables that come faster than that are left out. */
export class Publisher implements AsyncDisposable {
  readonly #options: PublisherOptions;
  readonly #stop = new AbortController();
  #newest: Membership;
  /** What everybody may know. */
  #told: { readonly epoch: number; readonly payload: Buffer } | null;
  #waiting: { readonly epoch: number; readonly callback: () => void }[] = [];
  #running: Promise<void> | null = null;

  constructor(options: PublisherOptions) {
    this.#options = options;
    this.#newest = options.membership;
    this.#told = payloadOf(clusterOf(options.membership));
  }

  /** Takes the newest state; what it was before may never be told. */
  publish(membership: Membership): void {
    this.#newest = membership;
    if (!this.#isDue() || this.#stop.signal.aborted) return;
    if (this.#running) this.#options.council.overtake();
    this.#running ??= this.#run();
  }

  /** Goes on from a state that is in force; what it had to tell before is forgotten. */
  reset(membership: Membership): void {
    this.#newest = membership;
    this.#told = payloadOf(clusterOf(membership));
    this.#waiting = [];
  }

  /** Tells one link the table that everybody may know. */
  catchUp(link: Link): void {
    if (this.#told) this.#send(link, this.#told.payload);
  }

  /** Calls when everybody has been told of the newest state; at once where they have. */
  whenTold(callback: () => void): void {
    if (this.#isDue()) this.#waiting.push({ epoch: this.#newest.epoch, callback });
    else callback();
  }

  /** Resolves when nothing is being written any more. */
  async [Symbol.asyncDispose](): Promise<void> {
    this.#stop.abort();
    await this.#running;
  }

  #isDue(): boolean {
    return this.#newest.isFormed && this.#newest.epoch !== this.#told?.epoch;
  }

  async #run(): Promise<void> {
    while (this.#isDue() && !this.#stop.signal.aborted) {
      const waitMs = await this.#tell(this.#newest);
      try {
        await delay(waitMs, undefined, { signal: this.#stop.signal, ref: false });
      } catch {
        // Stopped: the loop ends.
      }
    }
    this.#running = null;
  }

  /** @returns milliseconds until the next table may be told */
  async #tell(membership: Membership): Promise<number> {
    const { council, log, links } = this.#options;
    try {
      await council.write(membership);
    } catch (error) {
      if (error instanceof OvertakenError) return 0;
      log.error({ err: error, epoch: membership.epoch }, "table not in force, so not told either; trying again");
      return RETRY_MS;
    }
    const told = payloadOf(clusterOf(membership));
    if (!told) return 0;
    this.#told = told;
    let count = 0;
    for (const link of links()) {
      if (!council.tells(link)) this.#send(link, told.payload);
      count++;
    }
    log.info({ epoch: told.epoch, active: membership.active.length, told: count }, "table told");
    const waiting = this.#waiting;
    this.#waiting = waiting.filter(({ epoch }) => epoch > told.epoch);
    for (const { epoch, callback } of waiting) if (epoch <= told.epoch) callback();
    return Math.min(MAX_GAP_MS, (told.payload.length * count) / BYTES_PER_MS);
  }

  #send(link: Link, payload: Buffer): void {
    // A full one gets the newest when it drains, and none of those between.
    if (!link.isFull) link.send({ type: "control", payload });
  }
}

function payloadOf(cluster: Cluster | null): { epoch: number; payload: Buffer } | null {
  return cluster && { epoch: cluster.epoch, payload: clusterPayload(cluster) };
}
