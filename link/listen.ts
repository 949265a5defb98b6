import { once } from "node:events";
import type { Server } from "node:net";

/** An address that cannot be listened on: for the operator, who can read it as it is. */
export class ListenError extends Error {
  override readonly name = "ListenError";
}

/** Opens a server's port. @returns the port, which the system chose where 0 was asked for. @throws ListenError */
export async function listen(server: Server, host: string, port: number): Promise<number> {
  try {
    server.listen({ host, port });
    await once(server, "listening");
  } catch (cause) {
    throw new ListenError(explain(cause, host, port), { cause });
  }
  const address = server.address();
  return typeof address === "object" && address ? address.port : port;
}

function explain(cause: unknown, host: string, port: number): string {
  const code = cause instanceof Error && "code" in cause ? String(cause.code) : "";
  if (code === "EADDRINUSE") return `port ${port} on ${host} is in use already; choose another, or 0 for any free one`;
  if (code === "EACCES") return `port ${port} on ${host} may not be opened by this user`;
  if (code === "EADDRNOTAVAIL" || code === "ENOTFOUND") return `${host} is not an address of this machine`;
  return `port ${port} on ${host} cannot be opened: ${cause instanceof Error ? cause.message : String(cause)}`;
}
