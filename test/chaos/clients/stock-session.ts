import { randomUUID } from "node:crypto";
import { AckExtension, CometD, type Message, type SubscriptionHandle } from "cometd";
import { adaptOnce } from "../../support/cometd-in-node.ts";
import type { PublishOutcome, SessionEvent } from "../history.ts";
import { nowMs } from "./protocol.ts";
import type { RawSessionOptions } from "./raw-session.ts";
import { type CrowdSession, eventOf, whenOpen, outcomeOf } from "./session.ts";

const ANSWER_MS = 12_000;
const END_MS = 2_000;
const AGAIN_MS = 200;

/** The stock cometd package with its ack extension, as a page uses it: what it subscribes to, it subscribes to after each handshake. */
export class StockSession implements CrowdSession {
  readonly name: string;
  readonly channels: readonly string[];
  readonly seen = new Set<string>();
  events: SessionEvent[] = [];
  readonly #cometd = new CometD();
  readonly #subscriptions: SubscriptionHandle[] = [];
  #handshakes = 0;

  private constructor({ name, port, transport, channels }: RawSessionOptions) {
    this.name = name;
    this.channels = channels;
    this.#cometd.configure({
      url: `http://127.0.0.1:${port}/bayeux`,
      logLevel: "warn",
      // In Node all clients of a process share their cookies; what is said here comes instead.
      requestHeaders: { Cookie: `BAYEUX_BROWSER=${randomUUID()}` },
      backoffIncrement: 100,
      maxBackoff: 1_000,
    });
    for (const other of this.#cometd.getTransportTypes()) {
      if (other !== transport) this.#cometd.unregisterTransport(other);
    }
    this.#cometd.registerExtension("ack", new AckExtension());
    this.#cometd.addListener("/meta/handshake", (reply) => this.#onHandshake(reply));
    this.#cometd.addListener("/meta/subscribe", (reply) => this.#onSubscribe(reply));
    this.#cometd.addListener("/meta/connect", (reply) => this.#onConnect(reply));
  }

  /** Resolves when it is subscribed. */
  static async open(options: RawSessionOptions): Promise<StockSession> {
    adaptOnce();
    const session = new StockSession(options);
    const { promise, resolve } = Promise.withResolvers<void>();
    const left = new Set(options.channels);
    session.#cometd.addListener("/meta/subscribe", ({ successful, subscription }) => {
      if (successful !== true) return;
      for (const channel of [subscription].flat()) left.delete(String(channel));
      if (left.size === 0) resolve();
    });
    session.#cometd.handshake();
    return whenOpen(session, promise);
  }

  get clientId(): string {
    return this.#cometd.getClientId() ?? "";
  }

  publish(channel: string, text: string): Promise<PublishOutcome> | null {
    if (this.#cometd.isDisconnected()) return null;
    return new Promise((resolve) => {
      // What a session took with it when it ended has no answer.
      setTimeout(() => resolve("unknown"), ANSWER_MS).unref();
      this.#cometd.publish(channel, { text }, (reply) => resolve(outcomeOf(reply)));
    });
  }

  async [Symbol.asyncDispose](): Promise<void> {
    if (this.#cometd.isDisconnected()) return;
    await new Promise<void>((resolve) => {
      // No answer is needed: the server may be gone by now.
      setTimeout(resolve, END_MS).unref();
      this.#cometd.disconnect(() => resolve());
    });
  }

  #onHandshake({ successful }: Message): void {
    if (successful !== true) return;
    if (this.#handshakes++ > 0) this.events.push({ type: "handshake", atMs: nowMs() });
    this.#subscribe();
  }

  #subscribe(): void {
    if (this.#cometd.isDisconnected()) return;
    // Where it was subscribed and that failed, the package has kept its listener all the same.
    for (const subscription of this.#subscriptions.splice(0)) this.#cometd.removeListener(subscription);
    for (const channel of this.channels)
      this.#subscriptions.push(this.#cometd.subscribe(channel, (message) => this.#onMessage(message)));
  }

  /** The connection may break in between. Where the session has ended, the next handshake subscribes. */
  #onSubscribe({ successful, advice }: Message): void {
    if (successful === true || advice?.reconnect === "handshake") return;
    setTimeout(() => this.#subscribe(), AGAIN_MS).unref();
  }

  #onConnect({ successful, failure }: Message & { failure?: unknown }): void {
    if (successful !== true && failure !== undefined) this.events.push({ type: "reconnect", atMs: nowMs() });
  }

  #onMessage({ channel, data }: Message): void {
    const event = eventOf(channel, data, nowMs());
    if (event === null) return;
    this.events.push(event);
    if (event.type === "seen") this.seen.add(event.text);
  }
}
