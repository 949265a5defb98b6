import type { Socket } from "node:net";
import type { Address } from "./protocol.ts";
import { connectTo, watchEnd, type Wire, type WireOwner } from "./wire.ts";

const HEAD_END = "\r\n\r\n";
const TEXT = 0x1;
const CLOSE = 0x8;
const PING = 0x9;
const FINAL = 0x80;
const MASKED = 0x80;
const LENGTH_16 = 126;
const LENGTH_64 = 127;
/** A key of zeros is as good as any to a server, and spares us the work. */
const MASK = Buffer.alloc(4);

/** Just enough of RFC 6455 for a load client: whole text frames, and pings answered. */
export class WebSocketWire implements Wire {
  readonly #socket: Socket;
  readonly #owner: WireOwner;
  #rest: Buffer | null = null;

  private constructor(socket: Socket, owner: WireOwner) {
    this.#socket = socket;
    this.#owner = owner;
  }

  static async open(server: Address, owner: WireOwner): Promise<WebSocketWire> {
    const socket = await connectTo(server);
    const wire = new WebSocketWire(socket, owner);
    const opened = Promise.withResolvers<void>();
    let head = Buffer.alloc(0);
    const onHead = (chunk: Buffer): void => {
      head = Buffer.concat([head, chunk]);
      const end = head.indexOf(HEAD_END);
      if (end < 0) return;
      socket.off("data", onHead);
      const status = head.toString("latin1", 0, Math.min(end, 60)).split("\r\n", 1)[0] ?? "";
      if (!status.includes(" 101 ")) {
        opened.reject(new Error(`the upgrade was answered with "${status}"`));
        return;
      }
      socket.on("data", (bytes: Buffer) => wire.#onBytes(bytes));
      opened.resolve();
      if (head.length > end + HEAD_END.length) wire.#onBytes(head.subarray(end + HEAD_END.length));
    };
    socket.on("data", onHead);
    socket.once("close", () => opened.reject(new Error("the server closed a connection during the upgrade")));
    socket.write(upgradeRequest(server));
    watchEnd(socket, owner);
    await opened.promise;
    return wire;
  }

  send(text: string): void {
    this.#write(TEXT, Buffer.from(text));
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
    let at = 0;
    while (bytes.length - at >= 2) {
      const opcode = (bytes[at] ?? 0) & 0x0f;
      let length = bytes[at + 1] ?? 0;
      let head = 2;
      if (length === LENGTH_16) {
        head = 4;
        if (bytes.length - at < head) break;
        length = bytes.readUInt16BE(at + 2);
      } else if (length === LENGTH_64) {
        head = 10;
        if (bytes.length - at < head) break;
        length = bytes.readUIntBE(at + 4, 6);
      }
      const end = at + head + length;
      if (end > bytes.length) break;
      this.#onFrame(opcode, bytes, at + head, end);
      at = end;
    }
    this.#rest = at < bytes.length ? bytes.subarray(at) : null;
  }

  #onFrame(opcode: number, bytes: Buffer, start: number, end: number): void {
    if (opcode === TEXT) this.#owner.onText(bytes, start, end);
    else if (opcode === PING) this.#write(0xa, bytes.subarray(start, end));
    else if (opcode === CLOSE)
      this.#owner.onEnd(`the server closed a WebSocket: ${bytes.toString("utf8", start + 2, end)}`);
  }

  #write(opcode: number, payload: Buffer): void {
    const { length } = payload;
    const head = Buffer.alloc(length < LENGTH_16 ? 2 : 4);
    head[0] = FINAL | opcode;
    if (length < LENGTH_16) head[1] = MASKED | length;
    else {
      head[1] = MASKED | LENGTH_16;
      head.writeUInt16BE(length, 2);
    }
    this.#socket.write(Buffer.concat([head, MASK, payload]));
  }
}

function upgradeRequest({ host, port }: Address): string {
  return [
    "GET /bayeux HTTP/1.1",
    `Host: ${host}:${port}`,
    "Connection: Upgrade",
    "Upgrade: websocket",
    `Origin: http://${host}:${port}`,
    "Sec-WebSocket-Version: 13",
    "Sec-WebSocket-Key: dGFpbHNwaW4tYmVuY2ghIQ==",
    "\r\n",
  ].join("\r\n");
}
