import type { Socket } from "node:net";
import type { Address } from "./protocol.ts";
import { connectTo, watchEnd, type Wire, type WireOwner } from "./wire.ts";

const HEAD_END = "\r\n\r\n";
const CONTENT_LENGTH = /\r\ncontent-length: *(\d+)/i;

/** Just enough HTTP for a load client: one POST after the other on a connection that is kept alive. */
export class HttpWire implements Wire {
  readonly #socket: Socket;
  readonly #owner: WireOwner;
  readonly #head: string;
  #rest: Buffer | null = null;

  private constructor(socket: Socket, owner: WireOwner, { host, port }: Address) {
    this.#socket = socket;
    this.#owner = owner;
    // What a browser sends, in length and number.
    this.#head = [
      "POST /bayeux HTTP/1.1",
      `Host: ${host}:${port}`,
      "Connection: keep-alive",
      "User-Agent: Mozilla/5.0 (X11; Linux x86_64; rv:140.0) Gecko/20100101 Firefox/140.0",
      "Accept: */*",
      "Accept-Language: en-US,en;q=0.5",
      "Accept-Encoding: gzip, deflate",
      "Content-Type: application/json;charset=UTF-8",
      `Origin: http://${host}:${port}`,
      "Content-Length: ",
    ].join("\r\n");
    socket.on("data", (chunk: Buffer) => this.#onBytes(chunk));
    watchEnd(socket, owner);
  }

  static async open(server: Address, owner: WireOwner): Promise<HttpWire> {
    return new HttpWire(await connectTo(server), owner, server);
  }

  send(text: string): void {
    this.#socket.write(`${this.#head}${Buffer.byteLength(text)}${HEAD_END}${text}`);
  }

  stall(): void {
    this.#socket.pause();
  }

  destroy(): void {
    this.#socket.removeAllListeners("close");
    this.#socket.destroy();
  }

  #onBytes(chunk: Buffer): void {
    const bytes = this.#rest === null ? chunk : Buffer.concat([this.#rest, chunk]);
    this.#rest = bytes;
    const headEnd = bytes.indexOf(HEAD_END);
    if (headEnd < 0) return;
    const head = bytes.toString("latin1", 0, headEnd);
    const length = CONTENT_LENGTH.exec(head)?.[1];
    if (!head.startsWith("HTTP/1.1 200 ") || length === undefined) {
      this.#owner.onEnd(`a request was answered with ${head.split("\r\n", 1)[0] ?? ""}`);
      return;
    }
    const start = headEnd + HEAD_END.length;
    const end = start + Number(length);
    if (bytes.length < end) return;
    // One request at a time, so nothing follows.
    this.#rest = null;
    this.#owner.onText(bytes, start, end);
  }
}
