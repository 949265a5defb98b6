import { setTimeout as delay } from "node:timers/promises";
import type { Logger } from "pino";
import type { Link } from "../link/index.ts";
import type { Cluster } from "./cluster.ts";
import { clusterPayload } from "./control.ts";
import { clusterOf, type Membership } from "./membership.ts";
import type { MembershipStore } from "./store.ts";

/** Until a file that could not be written is tried again. */
const RETRY_MS = 1_000;
/** A large cluster that changes all the time is told its tables at this rate; what changes meanwhile leaves together. */
export const BYTES_PER_MS = 100_000;
/** But at least so often. */
export const MAX_GAP_MS = 250;

export interface PublisherOptions {
  readonly store: Pick<MembershipStore, "write">;
  readonly log: Logger;
  /** What was read from the store. */
  readonly membership: Membership;
  /** Everybody who is to be told. */
  readonly links: () => Iterable<Link>;
}

/** Tells everybody of each table, once it is on the disk; tables that come faster than that are left out. */
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
    this.#running ??= this.#run();
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
    const { store, log, links } = this.#options;
    try {
      await store.write(membership);
    } catch (error) {
      log.error({ err: error, epoch: membership.epoch }, "table not written, so not told either; trying again");
      return RETRY_MS;
    }
    const told = payloadOf(clusterOf(membership));
    if (!told) return 0;
    this.#told = told;
    let count = 0;
    for (const link of links()) {
      this.#send(link, told.payload);
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
