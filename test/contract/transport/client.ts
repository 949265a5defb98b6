import type { ConnectionType } from "../../../bayeux/index.ts";
import type { AnyMessage } from "../../support/fake-bridge.ts";
import type { TransportFixture, Wire } from "./wire.ts";

let lastId = 0;

/** A Bayeux client that does only what it is told, over one wire after the other. */
export class Client implements AsyncDisposable {
  /** Every array that came in. */
  readonly batches: (readonly AnyMessage[])[] = [];
  readonly connectReplies: AnyMessage[] = [];
  clientId = "";
  #ack = 0;
  #isAck = false;
  #hasConnected = false;
  #wire: Wire | null = null;
  readonly #wires: Wire[] = [];
  #type: ConnectionType = "long-polling";
  /** Ends the connects of the wire before. */
  #leave = new AbortController();

  /** Goes on over another wire. The one before is left open, and what still comes over it is taken. */
  async use(fixture: TransportFixture, port: number): Promise<void> {
    this.#leave.abort();
    this.#leave = new AbortController();
    this.#type = fixture.name;
    this.#wire = await fixture.open(port, (batch) => this.batches.push(batch));
    this.#wires.push(this.#wire);
  }

  /** Begins a session. */
  async handshake(ext: object = {}): Promise<AnyMessage> {
    const supportedConnectionTypes = [this.#type];
    const [reply] = await this.send({ channel: "/meta/handshake", version: "1.0", supportedConnectionTypes, ext });
    if (typeof reply?.clientId !== "string") throw new Error(`the handshake failed: ${JSON.stringify(reply)}`);
    this.clientId = reply.clientId;
    this.#isAck = "ack" in ext;
    return reply;
  }

  /** Connects, again and again, until the server ends it or another wire is used. */
  async listen(): Promise<void> {
    const { signal } = this.#leave;
    await this.#wire?.attach(this.clientId);
    // The first connect after a handshake is not held.
    if (!this.#hasConnected) await this.connect();
    this.#hasConnected = true;
    void this.#goOn(signal);
  }

  /** Sends one connect. @returns its reply; undefined where the wire was cut before */
  async connect(): Promise<AnyMessage | undefined> {
    const ext = this.#isAck ? { ext: { ack: this.#ack } } : {};
    const replies = await this.send({ channel: "/meta/connect", connectionType: this.#type, ...ext });
    const reply = replies.findLast(({ channel }) => channel === "/meta/connect");
    if (reply) this.connectReplies.push(reply);
    if (reply?.successful === true) this.#ack = ackOf(reply) ?? this.#ack;
    return reply;
  }

  subscribe(channel: string): Promise<readonly AnyMessage[]> {
    return this.send({ channel: "/meta/subscribe", subscription: channel });
  }

  async publish(channel: string, data: unknown): Promise<AnyMessage | undefined> {
    const replies = await this.send({ channel, data });
    return replies.find((reply) => reply.channel === channel && "successful" in reply);
  }

  async disconnect(): Promise<AnyMessage | undefined> {
    const replies = await this.send({ channel: "/meta/disconnect" });
    return replies.find(({ channel }) => channel === "/meta/disconnect");
  }

  /** Sends messages in one array, each with an id of its own. */
  async send(...messages: AnyMessage[]): Promise<readonly AnyMessage[]> {
    const session = this.clientId === "" ? {} : { clientId: this.clientId };
    return this.#theWire.send(messages.map((message) => ({ ...session, ...message, id: String(++lastId) })));
  }

  pause(): void {
    this.#theWire.pause();
  }

  resume(): void {
    this.#theWire.resume();
  }

  cut(): void {
    this.#leave.abort();
    for (const wire of this.#wires) wire.cut();
  }

  /** The data of every delivery, in order of arrival. */
  get heard(): unknown[] {
    return this.batches.flat().flatMap((message) => (isDelivery(message) ? [message["data"]] : []));
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.cut();
  }

  get #theWire(): Wire {
    if (!this.#wire) throw new Error("use() comes first");
    return this.#wire;
  }

  async #goOn(signal: AbortSignal): Promise<void> {
    while (!signal.aborted) {
      const reply = await this.connect();
      const { reconnect = "retry", interval = 0 } = (reply?.["advice"] ?? {}) as Partial<Advice>; // As Bayeux has it.
      if (reply?.successful !== true || reconnect === "none") return;
      if (interval > 0) await new Promise((resolve) => setTimeout(resolve, interval).unref());
    }
  }
}

interface Advice {
  readonly reconnect: string;
  readonly interval: number;
}

/** True for a message of a channel, which a reply is not. */
export function isDelivery(message: AnyMessage): boolean {
  return "data" in message && !("successful" in message);
}

/** @returns the batch number of a connect reply */
export function ackOf(reply: AnyMessage | undefined): number | undefined {
  const ext = reply?.["ext"];
  return typeof ext === "object" && ext !== null && "ack" in ext && typeof ext.ack === "number" ? ext.ack : undefined;
}
