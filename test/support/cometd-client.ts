import { randomUUID } from "node:crypto";
import { CometD, AckExtension, type Message } from "cometd";
import { adaptOnce } from "./cometd-in-node.ts";

/** How a client connects. */
export interface CometdOptions {
  readonly transport: "long-polling" | "websocket";
  /** Declared in the handshake. */
  readonly name?: string;
  /** With the acknowledgement extension. */
  readonly isAck?: boolean;
  /** The value of its browser's cookie; each client is a browser of its own where unset. */
  readonly browser?: string;
  /** Sent with every request, as a balancer in front of us might. */
  readonly headers?: Readonly<Record<string, string>>;
  /** How much longer it waits after each failure in a row. */
  readonly backoffMs?: number;
}

const WAIT_MS = 20_000;

/** The stock cometd package in Node, with everything remembered that it was told. */
export class CometdClient implements AsyncDisposable {
  /** Every reply to a handshake. */
  readonly handshakes: Message[] = [];
  /** Everything that the server answered, or the transport failed at, without success. */
  readonly failures: Message[] = [];
  /** Every clientId that was in a reply. */
  readonly clientIds = new Set<string>();
  /** It was told that other pages of its browser are connected. */
  isOneOfSeveral = false;
  readonly #cometd = new CometD();

  private constructor(url: string, options: CometdOptions) {
    const { transport, isAck = false, browser = randomUUID(), headers = {}, backoffMs = 200 } = options;
    this.#cometd.configure({
      url: `${url}/bayeux`,
      logLevel: "warn",
      // In Node all clients of a process share their cookies; what is said here comes instead.
      requestHeaders: { ...headers, Cookie: `BAYEUX_BROWSER=${browser}` },
      backoffIncrement: backoffMs,
      maxBackoff: 1_000,
      // The package sends 8 KiB at most unless it is told otherwise.
      maxSendBayeuxMessageSize: 1_048_576,
    });
    for (const other of this.#cometd.getTransportTypes()) {
      if (other !== transport) this.#cometd.unregisterTransport(other);
    }
    if (isAck) this.#cometd.registerExtension("ack", new AckExtension());
    for (const channel of ["/meta/handshake", "/meta/connect", "/meta/subscribe", "/meta/publish"]) {
      this.#cometd.addListener(channel, (message) => this.#onReply(message));
    }
  }

  /** Resolves after the handshake. @param url of a dispatcher or a balancer, without a slash at its end */
  static async open(url: string, options: CometdOptions): Promise<CometdClient> {
    adaptOnce();
    const client = new CometdClient(url, options);
    const ext = options.name === undefined ? {} : { tailspin: { name: options.name } };
    const reply = await client.#ask("handshake", (done) => client.#cometd.handshake({ ext }, done));
    if (reply.successful !== true) throw new Error(`the handshake failed: ${JSON.stringify(reply)}`);
    return client;
  }

  get clientId(): string | null {
    return this.#cometd.getClientId();
  }

  /** @returns what arrives on the channel, growing. @throws Error when the server refuses */
  async subscribe(channel: string, ext: object = {}): Promise<Message[]> {
    const heard: Message[] = [];
    const reply = await this.#ask("subscribe", (done) => {
      this.#cometd.subscribe(channel, (message) => heard.push(message), { ext }, done);
    });
    if (reply.successful !== true) throw new Error(`the subscribe failed: ${JSON.stringify(reply)}`);
    return heard;
  }

  /** Subscribes, and hands on what arrives. @throws Error when the server refuses */
  async listen(channel: string, onMessage: (message: Message) => void): Promise<void> {
    const reply = await this.#ask("subscribe", (done) => {
      this.#cometd.subscribe(channel, onMessage, {}, done);
    });
    if (reply.successful !== true) throw new Error(`the subscribe failed: ${JSON.stringify(reply)}`);
  }

  /** Subscribes, and again after each handshake, as a page does that is to go on. @returns what arrives, growing */
  async follow(channel: string): Promise<Message[]> {
    const heard = await this.subscribe(channel);
    this.#cometd.addListener("/meta/handshake", ({ successful }) => {
      if (successful === true) this.#cometd.subscribe(channel, (message) => heard.push(message));
    });
    return heard;
  }

  /** @returns the answer, whatever it says; a message that the transport failed at has `failure` */
  publish(channel: string, data: unknown): Promise<Message> {
    return this.#ask("publish", (done) => this.#cometd.publish(channel, data, done));
  }

  /** Asks an app. @returns the answer, whatever it says */
  remoteCall(target: string, data: unknown): Promise<Message> {
    return this.#ask("remote call", (done) => this.#cometd.remoteCall(target, data, WAIT_MS, done));
  }

  async [Symbol.asyncDispose](): Promise<void> {
    if (this.#cometd.isDisconnected()) return;
    // No answer is needed: the server may be gone by now.
    await this.#ask("disconnect", (done) => this.#cometd.disconnect(done)).catch(() => undefined);
  }

  #onReply(message: Message): void {
    if (message.advice?.["multiple-clients"] === true) this.isOneOfSeveral = true;
    if (message.channel === "/meta/handshake") this.handshakes.push(message);
    if (message.successful === true && message.clientId !== undefined) this.clientIds.add(message.clientId);
    if (message.successful !== true) this.failures.push(message);
  }

  #ask(what: string, act: (done: (reply: Message) => void) => void): Promise<Message> {
    const { promise, resolve, reject } = Promise.withResolvers<Message>();
    const timer = setTimeout(() => reject(new Error(`no answer to a ${what} within ${WAIT_MS} ms`)), WAIT_MS);
    act(resolve);
    return promise.finally(() => clearTimeout(timer));
  }
}

/** What the messages of a channel say in `data.text`; a gap notice is shown as `gap`. */
export function textsOf(messages: readonly Message[]): string[] {
  return messages.map(({ data }) => {
    const fields: unknown = data;
    if (typeof fields !== "object" || fields === null) return JSON.stringify(fields);
    if ("text" in fields) return String(fields.text);
    return "gap" in fields ? "gap" : JSON.stringify(fields);
  });
}
