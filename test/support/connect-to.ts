import { once } from "node:events";
import { connect, type Socket } from "node:net";

/** Connects to a server. @throws Error that names it, where that cannot be */
export async function connectTo(host: string, port: number, timeoutMs: number): Promise<Socket> {
  const socket = connect({ host, port, noDelay: true });
  await once(socket, "connect", { signal: AbortSignal.timeout(timeoutMs) }).catch((error: unknown) => {
    socket.destroy();
    throw new Error(`could not connect to ${host}:${port}`, { cause: error });
  });
  return socket;
}
