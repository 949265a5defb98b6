import type { AnyMessage } from "../support/fake-bridge.ts";
import type { Arrival, Outcome } from "./fault-judge.ts";
import { type ChaosWire, HTTP_FORMS, HttpChaosWire, SocketChaosWire } from "./wires.ts";

/** How a browser is connected. */
export type FaultTransport = "websocket" | "long-polling";

/** A browser with the ack extension, which publishes numbered messages and writes down all that comes, and all answers. */
export class FaultClient implements AsyncDisposable {
  readonly name: string;
  /** Messages and gap notices, in order. */
  readonly arrivals: Arrival[] = [];
  readonly publishes: { readonly text: string; readonly outcome: Outcome }[] = [];
  /** What may not happen to a browser whose own connections nobody touches. */
  readonly faults: string[] = [];
  readonly #channel: string;
  readonly #transport: FaultTransport;
  #wire: ChaosWire | null = null;
  #clientId = "";
  #lastId = 0;
  #ack = 0;
  #said = 0;
  #isOver = false;

  private constructor(name: string, channel: string, transport: FaultTransport) {
    this.name = name;
    this.#channel = channel;
    this.#transport = transport;
  }

  /** Begins a session that listens to a channel. */
  static async open(name: string, port: number, channel: string, transport: FaultTransport): Promise<FaultClient> {
    const client = new FaultClient(name, channel, transport);
    const take = (messages: readonly AnyMessage[]): void => client.#onArray(messages);
    client.#wire =
      transport === "websocket"
        ? await SocketChaosWire.open(port, take)
        : new HttpChaosWire(port, HTTP_FORMS["long-polling"], take);
    const handshake = { version: "1.0", supportedConnectionTypes: [transport], ext: { ack: true } };
    const hello = await client.#ask({ channel: "/meta/handshake", ...handshake });
    if (typeof hello?.clientId !== "string") throw new Error(`the handshake failed: ${JSON.stringify(hello)}`);
    client.#clientId = hello.clientId;
    let subscribed: AnyMessage | undefined;
    // On a slow machine the server can seem dead before anything has happened to it.
    for (let attempt = 0; attempt < 5 && subscribed?.["successful"] !== true; attempt++)
      subscribed = await client.#ask({ channel: "/meta/subscribe", subscription: channel });
    if (subscribed?.["successful"] !== true) throw new Error(`the subscribe failed: ${JSON.stringify(subscribed)}`);
    await client.#connect();
    void client.#goOn();
    return client;
  }

  /** Publishes the next number. @returns how it was answered; there is an answer within the wire's time, or a fault */
  async publish(): Promise<Outcome> {
    const text = `${this.name} ${++this.#said}`;
    const outcome = await this.#ask({ channel: this.#channel, data: { text } }).then(
      outcomeOf,
      (error: unknown): Outcome => ({ other: String(error) }),
    );
    this.publishes.push({ text, outcome });
    return outcome;
  }

  /** How many publishes are not answered. */
  get pending(): number {
    return this.#said - this.publishes.length;
  }

  hasHeard(text: string): boolean {
    return this.arrivals.some((arrival) => arrival.type === "message" && arrival.text === text);
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.#isOver = true;
    this.#wire?.close();
  }

  async #goOn(): Promise<void> {
    try {
      while (!this.#isOver) await this.#connect();
    } catch (error) {
      if (!this.#isOver) this.faults.push(`${this.name}: ${String(error)}`);
    }
  }

  async #connect(): Promise<void> {
    const reply = await this.#ask({
      channel: "/meta/connect",
      connectionType: this.#transport,
      ext: { ack: this.#ack },
    });
    if (reply?.["successful"] !== true) throw new Error(`a connect was refused: ${JSON.stringify(reply)}`);
  }

  async #ask(message: AnyMessage): Promise<AnyMessage | undefined> {
    const id = String(++this.#lastId);
    const session = this.#clientId === "" ? {} : { clientId: this.#clientId };
    const replies = (await this.#wire?.send([{ ...message, ...session, id }])) ?? [];
    return replies.find((reply) => reply.id === id && "successful" in reply);
  }

  #onArray(messages: readonly AnyMessage[]): void {
    for (const message of messages) {
      if (message.channel === this.#channel && !("successful" in message)) this.arrivals.push(arrivalOf(message));
      if (message.channel === "/meta/connect") this.#ack = ackOf(message) ?? this.#ack;
    }
  }
}

/** @throws Error for what is neither a text nor a notice */
function arrivalOf(message: AnyMessage): Arrival {
  const { text, gap } = Object(message.data) as {
    text?: unknown;
    gap?: { after: string | null; before: string | null };
  };
  const { tailspin } = Object(message["ext"]) as { tailspin?: { id?: unknown } };
  if (gap !== undefined) return { type: "gap", after: gap.after, before: gap.before };
  if (typeof text === "string" && typeof tailspin?.id === "string") return { type: "message", id: tailspin.id, text };
  throw new Error(`neither a message nor a notice: ${JSON.stringify(message)}`);
}

function outcomeOf(reply: AnyMessage | undefined): Outcome {
  if (reply === undefined) return { other: "nothing" };
  if (reply["successful"] === true) return "accepted";
  const error = String(reply["error"]);
  if (error.startsWith("503:")) return "refused";
  return error.startsWith("504:") ? "unknown" : { other: error };
}

function ackOf({ ext }: AnyMessage): number | undefined {
  return typeof ext === "object" && ext !== null && "ack" in ext && typeof ext.ack === "number" ? ext.ack : undefined;
}
