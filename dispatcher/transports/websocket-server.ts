import type { IncomingMessage } from "node:http";
import type { Duplex } from "node:stream";
import { WebSocketServer } from "ws";
import { contextOf } from "../http/request-context.ts";
import { refuseSocket } from "../http/refusal.ts";
import type { Tier } from "../tier.ts";
import { ConnectionSet } from "./connection-set.ts";
import type { Pace } from "./pace.ts";
import { WebSocketConnection } from "./websocket-connection.ts";

/** All WebSockets of a dispatcher. */
export class WebSocketTier {
  readonly #tier: Tier;
  readonly #server: WebSocketServer;
  readonly #open: ConnectionSet<WebSocketConnection>;

  constructor(tier: Tier) {
    this.#tier = tier;
    this.#open = new ConnectionSet(tier.config.pingIntervalMs);
    this.#server = new WebSocketServer({
      noServer: true,
      clientTracking: false,
      perMessageDeflate: false,
      maxPayload: tier.config.maxBodyBytes,
      autoPong: false,
    });
    this.#server.on("wsClientError", (error, socket) => {
      tier.faults.count("websocket.upgrade", "upgrade refused", { reason: error.message });
      refuseSocket(socket, 400, error.message);
    });
  }

  /** How many are open. */
  get size(): number {
    return this.#open.size;
  }

  /** Takes over a socket whose upgrade was allowed. */
  upgrade(request: IncomingMessage, socket: Duplex, head: Buffer): void {
    const context = contextOf(request, "upgrade", this.#tier.config);
    this.#server.handleUpgrade(request, socket, head, (ws) => {
      ws.once("close", this.#open.add(new WebSocketConnection(this.#tier, ws, socket, context)));
    });
  }

  /** Closes all at a pace. @returns when the last one is closed */
  drain(pace: Pace, signal: AbortSignal): Promise<void> {
    return this.#open.drain(pace, signal);
  }

  [Symbol.dispose](): void {
    this.#open[Symbol.dispose]();
  }
}
