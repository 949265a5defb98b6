import { once } from "node:events";
import { WebSocket } from "ws";
import type { AnyMessage } from "./fake-bridge.ts";

/** A raw WebSocket that speaks Bayeux arrays, and remembers what came. */
export class SocketClient implements AsyncDisposable {
  readonly ws: WebSocket;
  /** One entry per frame. */
  readonly batches: AnyMessage[][] = [];
  closed: { code: number; reason: string } | null = null;

  private constructor(url: string, headers: Record<string, string>) {
    this.ws = new WebSocket(url, { headers, perMessageDeflate: true });
    this.ws.on("message", (data: Buffer) => this.batches.push(JSON.parse(data.toString())));
    this.ws.on("close", (code, reason) => (this.closed = { code, reason: reason.toString() }));
    this.ws.on("error", () => {});
  }

  static async open(port: number, headers: Record<string, string> = {}, path = "/bayeux"): Promise<SocketClient> {
    const client = new SocketClient(`ws://127.0.0.1:${port}${path}`, headers);
    await once(client.ws, "open");
    return client;
  }

  /** All messages, in order. */
  get messages(): AnyMessage[] {
    return this.batches.flat();
  }

  send(...messages: readonly object[]): void {
    this.ws.send(JSON.stringify(messages));
  }

  async [Symbol.asyncDispose](): Promise<void> {
    if (this.ws.readyState === WebSocket.CLOSED) return;
    const closed = once(this.ws, "close");
    this.ws.terminate();
    await closed;
  }
}
