import { pino, type Logger } from "pino";
import { vi } from "vitest";
import type { Bridge, BridgeConfig, BridgeOptions } from "../../../bridges/index.ts";
import type { FaultCounter } from "../../../link/index.ts";
import { startOfflineBridge } from "../../support/offline-bridge.ts";
import type { FakeNetwork } from "./fake-network.ts";
import { FakeDispatcher, type Message } from "./fakes.ts";

/** A bridge between a fake network and a strict dispatcher, on a clock that `advance` moves. */
export class Stage implements AsyncDisposable {
  readonly network: FakeNetwork;
  readonly bridge: Bridge;
  readonly dispatcher: FakeDispatcher;

  readonly faults: FaultCounter;

  private constructor(network: FakeNetwork, bridge: Bridge, faults: FaultCounter) {
    this.network = network;
    this.bridge = bridge;
    this.faults = faults;
    this.dispatcher = new FakeDispatcher(bridge);
  }

  static async start(
    config: Partial<BridgeConfig> = {},
    log: Logger = pino({ level: "silent" }),
    { isUp = true, ...more }: Partial<Pick<BridgeOptions, "routes" | "cluster">> & { isUp?: boolean } = {},
  ): Promise<Stage> {
    // Always the same place within a tick of the deadlines, which are told in tenths of a second.
    vi.useFakeTimers({ now: Date.UTC(2026, 0, 1) });
    const { network, bridge, faults } = await startOfflineBridge(config, more, log);
    if (isUp) network.inbox?.up();
    return new Stage(network, bridge, faults);
  }

  /** One more, beside the strict one. */
  secondDispatcher(): FakeDispatcher {
    return new FakeDispatcher(this.bridge, "another");
  }

  /** Lets what is due happen, and time pass. */
  async advance(ms = 0): Promise<void> {
    await vi.advanceTimersByTimeAsync(ms);
  }

  /** Begins a session. @returns its clientId */
  async handshake(ext: Message = {}): Promise<string> {
    const [reply] = await this.ask(handshake(ext));
    return String(reply?.["clientId"]);
  }

  /** Begins a session that is past its first connect, and subscribed. */
  async session(channels: readonly string[] = [], ext: Message = {}): Promise<string> {
    const clientId = await this.handshake(ext);
    if (channels.length > 0) await this.ask(subscribe(clientId, [...channels]));
    await this.ask(connect(clientId, { id: "1" }));
    return clientId;
  }

  /** @returns what answers a batch by now */
  async ask(...messages: Message[]): Promise<Message[]> {
    const downstream = this.dispatcher.post(...messages);
    await this.advance();
    return downstream.messages;
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.bridge[Symbol.asyncDispose]();
    vi.useRealTimers();
    this.dispatcher.assertObeyed();
  }
}

export function handshake(ext: Message = {}): Message {
  return { channel: "/meta/handshake", version: "1.0", supportedConnectionTypes: ["long-polling"], ext };
}

export function connect(clientId: string, fields: Message = {}): Message {
  return { channel: "/meta/connect", clientId, connectionType: "long-polling", ...fields };
}

export function subscribe(clientId: string, subscription: string | string[], fields: Message = {}): Message {
  return { channel: "/meta/subscribe", clientId, subscription, ...fields };
}

export function unsubscribe(clientId: string, subscription: string | string[]): Message {
  return { channel: "/meta/unsubscribe", clientId, subscription };
}

export function disconnect(clientId: string): Message {
  return { channel: "/meta/disconnect", clientId };
}

export function publish(clientId: string, channel: string, data: unknown): Message {
  return { channel, clientId, data };
}

/** @returns the data of the messages that are no replies */
export function dataOf(messages: readonly Message[]): unknown[] {
  return messages.filter((message) => "data" in message).map((message) => message["data"]);
}
