import { setTimeout as after } from "node:timers/promises";
import type { AnyMessage } from "../support/fake-bridge.ts";
import { Broken, type ChaosWire, EventSourceChaosWire, HTTP_FORMS, HttpChaosWire, SocketChaosWire } from "./wires.ts";
import type { Heard } from "./cut-history.ts";

/** A transport that connections are cut on. */
export type ChaosTransport = "websocket" | "eventsource" | keyof typeof HTTP_FORMS;

/** What a strict client is to do. */
export interface StrictOptions {
  readonly transport: ChaosTransport;
  readonly isAck: boolean;
  /** A client with a fault, for the proof that the check finds it: it confirms nothing, or what it threw away. */
  readonly fault?: "confirms nothing" | "confirms too much";
}

/** Soon, as a page that must not miss anything. */
const AGAIN_MS = 10;

/**
 * A client that takes the protocol by its word: like cometd.js with its ack extension it confirms what came with the last
 * successful connect reply, removes no duplicates, and after a break goes on over a new connection with the same session.
 */
export class StrictClient implements AsyncDisposable {
  /** The numbers that came, in order of arrival. */
  readonly heard: Heard[] = [];
  /** What the server said that it may not say. */
  readonly faults: string[] = [];
  /** How often it had to begin anew. */
  breaks = 0;
  readonly #options: StrictOptions;
  readonly #port: number;
  #wire: ChaosWire | null = null;
  #clientId = "";
  #lastId = 0;
  #ack = 0;
  #takes = 0;
  #isOver = false;

  private constructor(port: number, options: StrictOptions) {
    this.#port = port;
    this.#options = options;
  }

  /** Begins a session that listens to a channel. @param port of the proxy, which cuts nothing yet */
  static async open(port: number, channel: string, options: StrictOptions): Promise<StrictClient> {
    const client = new StrictClient(port, options);
    const supportedConnectionTypes = [options.transport];
    const ext = options.isAck ? { ext: { ack: true } } : {};
    const [hello] = await client.#ask({ channel: "/meta/handshake", version: "1.0", supportedConnectionTypes, ...ext });
    if (typeof hello?.clientId !== "string") throw new Error(`the handshake failed: ${JSON.stringify(hello)}`);
    client.#clientId = hello.clientId;
    const [subscribed] = await client.#ask({ channel: "/meta/subscribe", subscription: channel });
    if (subscribed?.["successful"] !== true) throw new Error(`the subscribe failed: ${JSON.stringify(subscribed)}`);
    await client.#connect();
    void client.#goOn();
    return client;
  }

  async [Symbol.asyncDispose](): Promise<void> {
    if (this.#isOver) return;
    this.#isOver = true;
    this.#wire?.close();
  }

  async #goOn(): Promise<void> {
    while (!this.#isOver) {
      try {
        const wire = (this.#wire ??= await this.#openWire());
        if (wire instanceof EventSourceChaosWire) await wire.follow(this.#clientId);
        else await this.#connect();
      } catch (error) {
        if (this.#isOver) return;
        if (!(error instanceof Broken)) this.faults.push(error instanceof Error ? error.message : String(error));
        this.breaks += 1;
        this.#wire?.close();
        this.#wire = null;
        await after(AGAIN_MS);
      }
    }
  }

  async #connect(): Promise<void> {
    const { transport, isAck, fault } = this.#options;
    const ack = fault === "confirms nothing" ? 0 : this.#ack;
    const ext = isAck ? { ext: { ack } } : {};
    const replies = await this.#ask({ channel: "/meta/connect", connectionType: transport, ...ext });
    const reply = replies.findLast(({ channel }) => channel === "/meta/connect");
    if (reply?.["successful"] !== true) throw new Error(`a connect was refused: ${JSON.stringify(reply)}`);
  }

  async #ask(message: AnyMessage): Promise<readonly AnyMessage[]> {
    const wire = (this.#wire ??= await this.#openWire());
    const session = this.#clientId === "" ? {} : { clientId: this.#clientId };
    return wire.send([{ ...message, ...session, id: String(++this.#lastId) }]);
  }

  async #openWire(): Promise<ChaosWire> {
    const { transport } = this.#options;
    const onArray = (messages: readonly AnyMessage[]): void => this.#onArray(messages);
    if (transport === "websocket") return SocketChaosWire.open(this.#port, onArray);
    if (transport === "eventsource") return new EventSourceChaosWire(this.#port, onArray);
    return new HttpChaosWire(this.#port, HTTP_FORMS[transport], onArray);
  }

  /** All of an array is taken, or nothing. */
  #onArray(messages: readonly AnyMessage[]): void {
    const { isAck, fault } = this.#options;
    const numbers = messages.flatMap((message) => ("successful" in message ? [] : (numberOf(message) ?? [])));
    const last = messages.at(-1);
    if (isAck && numbers.length > 0 && !isGoodConnectReply(last)) {
      this.faults.push(`messages ${numbers.join(", ")} came without a connect reply after them`);
    }
    const isThrownAway = fault === "confirms too much" && ++this.#takes % 7 === 0;
    const atMs = performance.now();
    if (!isThrownAway) for (const number of numbers) this.heard.push({ number, atMs });
    if (isGoodConnectReply(last)) this.#ack = ackOf(last) ?? this.#ack;
  }
}

function isGoodConnectReply(message: AnyMessage | undefined): message is AnyMessage {
  return message?.channel === "/meta/connect" && message["successful"] === true;
}

function ackOf({ ext }: AnyMessage): number | undefined {
  return typeof ext === "object" && ext !== null && "ack" in ext && typeof ext.ack === "number" ? ext.ack : undefined;
}

/** The number that a line on IRC was. */
function numberOf({ data }: AnyMessage): number | undefined {
  if (typeof data !== "object" || data === null || !("text" in data)) return undefined;
  const number = Number(data.text);
  return Number.isSafeInteger(number) ? number : undefined;
}
