import { once } from "node:events";
import { connect, type Socket } from "node:net";
import type { Address } from "./protocol.ts";

/** Who listens to a wire. The bytes are valid only during the call. */
export interface WireOwner {
  /** A JSON text: one WebSocket message, or the body of one response. */
  onText(bytes: Buffer, start: number, end: number): void;
  onEnd(reason: string): void;
}

/** A connection that carries JSON texts both ways. */
export interface Wire {
  send(text: string): void;
  /** Reads nothing more. */
  stall(): void;
  destroy(): void;
}

const CONNECT_MS = 20_000;

/** A connected TCP socket. */
export async function connectTo({ host, port }: Address): Promise<Socket> {
  const socket = connect({ host, port, noDelay: true });
  await once(socket, "connect", { signal: AbortSignal.timeout(CONNECT_MS) }).catch((error: unknown) => {
    socket.destroy();
    throw new Error(`could not connect to ${host}:${port}`, { cause: error });
  });
  return socket;
}

/** Tells the owner of the end, once, whatever its form. */
export function watchEnd(socket: Socket, owner: WireOwner): void {
  socket.on("error", () => undefined); // `close` follows, and tells.
  socket.once("close", () => owner.onEnd("the server closed a connection"));
}
