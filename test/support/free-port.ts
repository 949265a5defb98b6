import { once } from "node:events";
import { createServer } from "node:net";

const FIRST = 20_000;
const COUNT = 10_000;
const ATTEMPTS = 50;

/**
 * A TCP port of 127.0.0.1 that nobody listens on, below the range from which the system takes ports for outgoing
 * connections: so it stays free while a server that owns it is stopped.
 */
export async function freePort(): Promise<number> {
  for (let attempt = 0; attempt < ATTEMPTS; attempt++) {
    const port = FIRST + Math.floor(Math.random() * COUNT);
    if (await isFree(port)) return port;
  }
  throw new Error(`no free port among ${ATTEMPTS} tried from ${FIRST} to ${FIRST + COUNT - 1}`);
}

async function isFree(port: number): Promise<boolean> {
  const server = createServer();
  try {
    server.listen(port, "127.0.0.1");
    await once(server, "listening");
  } catch {
    return false; // Taken: the caller tries another.
  }
  server.close();
  await once(server, "close");
  return true;
}
