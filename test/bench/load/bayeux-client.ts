import type { Address, FanOutConfig } from "./protocol.ts";
import { HttpWire } from "./http-wire.ts";
import { replyIn, type Reply } from "./replies.ts";
import { WebSocketWire } from "./web-socket-wire.ts";
import type { Wire, WireOwner } from "./wire.ts";

/** Who gets what is no answer to a request that is waited for. */
export interface ClientOwner {
  onText(client: BayeuxClient, bytes: Buffer, start: number, end: number): void;
  onEnd(client: BayeuxClient, reason: string): void;
}

interface Waiting {
  readonly channel: string;
  readonly resolve: (reply: Reply) => void;
  readonly reject: (error: Error) => void;
}

const ANSWER_MS = 20_000;

/** One Bayeux session on a connection of its own, with one request at a time. */
export class BayeuxClient implements WireOwner {
  readonly #owner: ClientOwner;
  readonly #transport: FanOutConfig["transport"];
  #wire: Wire | null = null;
  #clientId = "";
  #lastId = 0;
  #waiting: Waiting | null = null;

  private constructor(transport: FanOutConfig["transport"], owner: ClientOwner) {
    this.#transport = transport;
    this.#owner = owner;
  }

  /** Opens the connection; no session yet. */
  static async open(server: Address, transport: FanOutConfig["transport"], owner: ClientOwner): Promise<BayeuxClient> {
    const client = new BayeuxClient(transport, owner);
    client.#wire = await (transport === "websocket" ? WebSocketWire : HttpWire).open(server, client);
    return client;
  }

  async handshake(): Promise<void> {
    const types = `["${this.#transport}"]`;
    const rest = `"version":"1.0","supportedConnectionTypes":${types}`;
    this.#clientId = (await this.#request("/meta/handshake", rest)).clientId;
  }

  async subscribe(channel: string): Promise<void> {
    await this.#request("/meta/subscribe", `"subscription":"${channel}"`);
  }

  /** The first connect, as cometd.js sends it: to be answered at once. */
  async firstConnect(): Promise<void> {
    await this.#request("/meta/connect", `"connectionType":"${this.#transport}","advice":{"timeout":0}`);
  }

  /** A connect that the server may hold; the answer goes to the owner. */
  connect(): void {
    this.#wire?.send(`[${this.#message("/meta/connect", `"connectionType":"${this.#transport}"`)}]`);
  }

  /** All in one array; the answer goes to the owner. @param data JSON texts */
  publish(channel: string, data: readonly string[]): void {
    this.#wire?.send(`[${data.map((json) => this.#message(channel, `"data":${json}`)).join(",")}]`);
  }

  /** Stops reading, and stays connected. */
  stall(): void {
    this.#wire?.stall();
  }

  destroy(): void {
    this.#wire?.destroy();
  }

  onText(bytes: Buffer, start: number, end: number): void {
    const waiting = this.#waiting;
    if (waiting === null) {
      this.#owner.onText(this, bytes, start, end);
      return;
    }
    this.#waiting = null;
    try {
      waiting.resolve(replyIn(bytes.toString("utf8", start, end), waiting.channel));
    } catch (error) {
      waiting.reject(error instanceof Error ? error : new Error(String(error)));
    }
  }

  onEnd(reason: string): void {
    this.#waiting?.reject(new Error(reason));
    this.#waiting = null;
    this.#owner.onEnd(this, reason);
  }

  #request(channel: string, rest: string): Promise<Reply> {
    return new Promise((resolve, reject) => {
      const timer = setTimeout(() => reject(new Error(`no answer on ${channel} within ${ANSWER_MS} ms`)), ANSWER_MS);
      const settle = <T>(then: (value: T) => void): ((value: T) => void) => {
        return (value) => {
          clearTimeout(timer);
          then(value);
        };
      };
      this.#waiting = { channel, resolve: settle(resolve), reject: settle(reject) };
      this.#wire?.send(`[${this.#message(channel, rest)}]`);
    });
  }

  #message(channel: string, rest: string): string {
    const clientId = this.#clientId === "" ? "" : `"clientId":"${this.#clientId}",`;
    return `{"id":"${++this.#lastId}","channel":"${channel}",${clientId}${rest}}`;
  }
}
