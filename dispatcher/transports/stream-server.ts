import type { ServerResponse } from "node:http";
import type { Tier } from "../tier.ts";
import { ConnectionSet } from "./connection-set.ts";
import type { FirstConnect } from "./first-connect.ts";
import type { Pace } from "./pace.ts";
import { StreamConnection } from "./stream-connection.ts";
import type { StreamSettings } from "./stream-settings.ts";

/** All streams of a dispatcher. */
export class StreamTier {
  readonly #tier: Tier;
  readonly #open: ConnectionSet<StreamConnection>;

  constructor(tier: Tier) {
    this.#tier = tier;
    this.#open = new ConnectionSet(tier.config.heartbeatIntervalMs);
  }

  get size(): number {
    return this.#open.size;
  }

  /** Answers a request with a stream. */
  open(settings: StreamSettings, response: ServerResponse, connect: FirstConnect): void {
    // What comes next is another dispatcher's.
    if (this.#tier.isDraining) response.setHeader("connection", "close");
    const stream = new StreamConnection(this.#tier, settings, response, connect);
    const forget = this.#open.add(stream);
    response.once("close", () => {
      forget();
      stream.onClose();
    });
    stream.start();
  }

  /** Ends all at a pace. @returns when the last one has ended */
  drain(pace: Pace, signal: AbortSignal): Promise<void> {
    return this.#open.drain(pace, signal);
  }

  [Symbol.dispose](): void {
    this.#open[Symbol.dispose]();
  }
}
