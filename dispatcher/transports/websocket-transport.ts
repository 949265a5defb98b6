import type { Duplex } from "node:stream";
import { WebSocket } from "ws";
import { PushTransport, type PushOwner, type UnsentLimits } from "./push-transport.ts";
import { TEXT_FRAMES } from "./websocket-frame.ts";

/**
 * The writing side of one WebSocket: every text frame of the server passes here, straight to the raw socket.
 *
 * `ws` writes its control frames to the same socket, each whole in one call (compression is off and nothing is
 * fragmented), so the frames cannot mix.
 */
export class WebSocketTransport extends PushTransport {
  readonly name = "websocket";
  readonly framing = TEXT_FRAMES;
  readonly #ws: WebSocket;

  /** @param socket the one of the upgrade that made `ws` */
  constructor(ws: WebSocket, socket: Duplex, limits: UnsentLimits, owner: PushOwner) {
    super(socket, limits, owner);
    this.#ws = ws;
  }

  close(code = 1000, reason = ""): void {
    this.flush();
    this.#ws.close(code, reason);
  }

  protected get isWritable(): boolean {
    return this.#ws.readyState === WebSocket.OPEN;
  }

  protected cut(): void {
    this.#ws.terminate();
  }
}
