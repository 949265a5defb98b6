import type { ServerResponse } from "node:http";
import type { Tier } from "../tier.ts";
import { ConnectionSet } from "./connection-set.ts";
import type { FirstConnect } from "./first-connect.ts";
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
    const stream = new StreamConnection(this.#tier, settings, response, connect);
    const forget = this.#open.add(stream);
    response.once("close", () => {
      forget();
      stream.onClose();
    });
    stream.start();
  }

  /** Ends all at the configured pace. @returns when the last one has ended */
  drain(signal: AbortSignal): Promise<void> {
    return this.#open.drain(this.#tier.config.drainPerSecond, signal);
  }

  [Symbol.dispose](): void {
    this.#open[Symbol.dispose]();
  }
}
