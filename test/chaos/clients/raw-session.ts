import { setTimeout as after } from "node:timers/promises";
import type { AnyMessage } from "../../support/fake-bridge.ts";
import { within } from "../../support/within.ts";
import type { PublishOutcome, SessionEvent } from "../history.ts";
import { type ChaosWire, HTTP_FORMS, HttpChaosWire, SocketChaosWire } from "../wires.ts";
import { nowMs } from "./protocol.ts";
import { type CrowdSession, eventOf, whenOpen, outcomeOf } from "./session.ts";

/** How it connects. */
export interface RawSessionOptions {
  readonly name: string;
  /** Of the balancer. */
  readonly port: number;
  /** Where it goes first, past the balancer. */
  readonly firstPort?: number;
  /** It throws away what it has confirmed, now and then. */
  readonly isSpoiled?: boolean;
  readonly transport: "websocket" | "long-polling";
  readonly channels: readonly string[];
}

/** After a failure, as cometd.js set to be quick. */
const AGAIN_MS = 100;
const SPOIL_EVERY = 10;
/** For the last word of a session. */
const END_MS = 2_000;

/**
 * The protocol by its word, with the ack extension: after a break it goes on with the same session; told to handshake, it
 * begins anew and subscribes again. It removes no duplicates.
 */
export class RawSession implements CrowdSession {
  readonly name: string;
  readonly channels: readonly string[];
  readonly seen = new Set<string>();
  events: SessionEvent[] = [];
  readonly #port: number;
  #nextPort: number;
  readonly #transport: RawSessionOptions["transport"];
  readonly #opened = Promise.withResolvers<void>();
  #wire: ChaosWire | null = null;
  #clientId = "";
  #lastId = 0;
  #ack = 0;
  #hasBegun = false;
  #isSubscribed = false;
  #isOver = false;
  readonly #isSpoiled: boolean;
  #messages = 0;

  private constructor({ name, port, firstPort = port, isSpoiled = false, transport, channels }: RawSessionOptions) {
    this.name = name;
    this.channels = channels;
    this.#port = port;
    this.#nextPort = firstPort;
    this.#isSpoiled = isSpoiled;
    this.#transport = transport;
  }

  /** Resolves when it is subscribed and connected. */
  static async open(options: RawSessionOptions): Promise<RawSession> {
    const session = new RawSession(options);
    void session.#live();
    return whenOpen(session, session.#opened.promise);
  }

  get clientId(): string {
    return this.#clientId;
  }

  publish(channel: string, text: string): Promise<PublishOutcome> | null {
    const wire = this.#wire;
    if (wire === null || this.#clientId === "") return null;
    return this.#ask(wire, { channel, data: { text } }).then(
      (reply) => outcomeOf(reply),
      // The connection broke, or an intermediary answered: nobody knows.
      () => "unknown" as const,
    );
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.#isOver = true;
    const wire = this.#wire;
    if (wire === null) return;
    // No answer is needed: the server may be gone by now.
    const ended = this.#ask(wire, { channel: "/meta/disconnect" });
    await within(END_MS, "the session did not end", ended).catch(() => undefined);
    wire.close();
  }

  async #live(): Promise<void> {
    while (!this.#isOver) {
      try {
        const wire = (this.#wire ??= await this.#openWire());
        if (this.#clientId === "") await this.#begin(wire);
        if (!this.#isSubscribed) await this.#subscribe(wire);
        await this.#connect(wire);
      } catch {
        // Whatever the reason: this is how a page finds out that it has lost its connection.
        if (this.#isOver) return;
        this.events.push({ type: "reconnect", atMs: nowMs() });
        this.#wire?.close();
        this.#wire = null;
        await after(AGAIN_MS);
      }
    }
  }

  async #begin(wire: ChaosWire): Promise<void> {
    if (this.#hasBegun) this.events.push({ type: "handshake", atMs: nowMs() });
    this.#hasBegun = true;
    this.#ack = 0;
    const supportedConnectionTypes = [this.#transport];
    const hello = await this.#ask(wire, {
      channel: "/meta/handshake",
      version: "1.0",
      supportedConnectionTypes,
      ext: { ack: true },
    });
    if (typeof hello?.clientId !== "string") throw new Error(`the handshake failed: ${JSON.stringify(hello)}`);
    this.#clientId = hello.clientId;
    this.#isSubscribed = false;
  }

  /** The connection may break in between: a session that was begun is subscribed all the same. */
  async #subscribe(wire: ChaosWire): Promise<void> {
    const subscribed = await this.#ask(wire, { channel: "/meta/subscribe", subscription: this.channels });
    this.#isSubscribed = subscribed?.["successful"] === true;
    if (this.#isSubscribed) return;
    if (isToBegin(subscribed)) this.#clientId = "";
    throw new Error(`the subscribe failed: ${JSON.stringify(subscribed)}`);
  }

  async #connect(wire: ChaosWire): Promise<void> {
    const connectionType = this.#transport;
    const reply = await this.#ask(wire, { channel: "/meta/connect", connectionType, ext: { ack: this.#ack } });
    if (reply?.["successful"] === true) {
      this.#opened.resolve();
      return;
    }
    if (isToBegin(reply)) this.#clientId = "";
    const { interval } = adviceOf(reply);
    await after(typeof interval === "number" ? interval : 0);
  }

  async #ask(wire: ChaosWire, message: AnyMessage): Promise<AnyMessage | undefined> {
    const id = String(++this.#lastId);
    const session = this.#clientId === "" ? {} : { clientId: this.#clientId };
    const replies = await wire.send([{ ...message, ...session, id }]);
    return replies.find((reply) => reply.id === id && "successful" in reply);
  }

  async #openWire(): Promise<ChaosWire> {
    const take = (messages: readonly AnyMessage[]): void => this.#onArray(messages);
    const port = this.#nextPort;
    this.#nextPort = this.#port;
    if (this.#transport === "long-polling") return new HttpChaosWire(port, HTTP_FORMS["long-polling"], take);
    const onClosed = (): void => void this.events.push({ type: "closed", atMs: nowMs() });
    const wire = await SocketChaosWire.open(port, take, onClosed);
    this.events.push({ type: "opened", atMs: nowMs() });
    return wire;
  }

  #onArray(messages: readonly AnyMessage[]): void {
    const atMs = nowMs();
    for (const message of messages) {
      if (message.channel === "/meta/connect" && message["successful"] === true)
        this.#ack = ackOf(message) ?? this.#ack;
      if ("successful" in message) continue;
      const event = eventOf(message.channel, message["data"], atMs);
      if (event === null || (this.#isSpoiled && ++this.#messages % SPOIL_EVERY === 0)) continue;
      this.events.push(event);
      if (event.type === "seen") this.seen.add(event.text);
    }
  }
}

function ackOf({ ext }: AnyMessage): number | undefined {
  return typeof ext === "object" && ext !== null && "ack" in ext && typeof ext.ack === "number" ? ext.ack : undefined;
}

function isToBegin(reply: AnyMessage | undefined): boolean {
  return adviceOf(reply).reconnect === "handshake";
}

function adviceOf(reply: AnyMessage | undefined): { readonly reconnect?: unknown; readonly interval?: unknown } {
  return Object(reply?.["advice"]) as { reconnect?: unknown; interval?: unknown };
}
