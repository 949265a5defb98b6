import type { AnyMessage } from "../../support/fake-bridge.ts";
import { SocketClient } from "../../support/socket-client.ts";
import type { OnBatch, Wire } from "./wire.ts";

/** A WebSocket: replies are found by their ids. */
export class WebSocketWire implements Wire {
  readonly #socket: SocketClient;
  readonly #waiting = new Set<{ ids: Set<unknown>; replies: AnyMessage[]; done: (replies: AnyMessage[]) => void }>();
  #isCut = false;

  private constructor(socket: SocketClient, onBatch: OnBatch) {
    this.#socket = socket;
    socket.ws.on("message", (data: Buffer) => {
      const batch: AnyMessage[] = JSON.parse(data.toString());
      if (this.#isCut) return;
      onBatch(batch);
      for (const message of batch) this.#onReply(message);
    });
    socket.ws.once("close", () => this.#end());
  }

  static async open(port: number, onBatch: OnBatch): Promise<WebSocketWire> {
    return new WebSocketWire(await SocketClient.open(port), onBatch);
  }

  send(messages: readonly AnyMessage[]): Promise<readonly AnyMessage[]> {
    const { promise, resolve } = Promise.withResolvers<readonly AnyMessage[]>();
    if (this.#isCut) return Promise.resolve([]);
    this.#waiting.add({ ids: new Set(messages.map(({ id }) => id)), replies: [], done: resolve });
    this.#socket.send(...messages);
    return promise;
  }

  async attach(): Promise<void> {}

  pause(): void {
    this.#socket.ws.pause();
  }

  resume(): void {
    this.#socket.ws.resume();
  }

  cut(): void {
    this.#isCut = true;
    this.#socket.ws.terminate();
    this.#end();
  }

  #onReply(message: AnyMessage): void {
    for (const waiting of this.#waiting) {
      if (!("successful" in message) || !waiting.ids.delete(message.id)) continue;
      waiting.replies.push(message);
      if (waiting.ids.size > 0) continue;
      this.#waiting.delete(waiting);
      waiting.done(waiting.replies);
    }
  }

  #end(): void {
    for (const { replies, done } of this.#waiting) done(replies);
    this.#waiting.clear();
  }
}
