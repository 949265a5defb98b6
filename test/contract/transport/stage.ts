import { expect, vi } from "vitest";
import { LocalStack } from "../../support/local-stack.ts";
import { LoopbackNetwork } from "../../support/loopback-network.ts";
import { Client } from "./client.ts";
import type { TransportFixture } from "./wire.ts";

export const WAIT_MS = 20_000;
export const KIB = 1_024;

/** A stack with two dispatchers, and clients that connect by one transport. */
export class TransportStage implements AsyncDisposable {
  readonly fixture: TransportFixture;
  readonly network = new LoopbackNetwork();
  #stack: LocalStack | null = null;
  #rooms = 0;

  constructor(fixture: TransportFixture) {
    this.fixture = fixture;
  }

  async start(): Promise<void> {
    this.#stack = await LocalStack.start({
      network: this.network,
      dispatchers: 2,
      bridge: { maxMessageBytes: 256 * KIB, maxQueuedMessages: 10_000, maxQueuedBytes: 64 * KIB * KIB },
      // A reader that a test pauses is not one that is gone, however slow the machine is.
      dispatcher: { pauseBytes: 64 * KIB, maxUnsentBytes: 4 * KIB * KIB, heartbeatIntervalMs: 300_000 },
    });
  }

  get stack(): LocalStack {
    if (!this.#stack) throw new Error("start() comes first");
    return this.#stack;
  }

  /** A client that listens to a channel of its own. */
  async open(ext: object = {}): Promise<{ client: Client; channel: string }> {
    const client = new Client();
    await client.use(this.fixture, this.stack.port());
    await client.handshake(ext);
    const channel = `/room${++this.#rooms}`;
    await client.subscribe(channel);
    await client.listen();
    return { client, channel };
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.#stack?.[Symbol.asyncDispose]();
  }
}

/** Waits until a client has heard exactly this, in this order. */
export function expectHeard(client: Client, data: readonly unknown[]): Promise<void> {
  return vi.waitFor(() => expect(client.heard).toEqual(data), WAIT_MS);
}
