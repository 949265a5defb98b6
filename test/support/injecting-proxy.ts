import { once } from "node:events";
import { connect, createServer, type AddressInfo, type Server, type Socket } from "node:net";

interface Pair {
  readonly client: Socket;
  readonly server: Socket;
  /** What the client says goes nowhere. */
  isSwallowing: boolean;
}

/** Passes TCP connections on, puts bytes of its own into them, and takes others out. */
export class InjectingProxy implements AsyncDisposable {
  readonly host = "127.0.0.1";
  /** What was said and not passed on, one character per byte. */
  swallowed = "";
  readonly #server: Server;
  readonly #pairs = new Set<Pair>();
  #accepted = 0;

  private constructor(target: { host: string; port: number }) {
    this.#server = createServer((client) => {
      this.#accepted++;
      const server = connect({ host: target.host, port: target.port });
      const pair: Pair = { client, server, isSwallowing: false };
      this.#pairs.add(pair);
      const end = (): void => {
        this.#pairs.delete(pair);
        client.destroy();
        server.destroy();
      };
      for (const socket of [client, server]) {
        socket.setNoDelay(true);
        socket.on("error", end);
        socket.once("close", end);
      }
      client.on("data", (chunk: Buffer) => {
        if (pair.isSwallowing) this.swallowed += chunk.toString("latin1");
        else server.write(chunk);
      });
      server.pipe(client);
    });
  }

  static async start(target: { host: string; port: number }): Promise<InjectingProxy> {
    const proxy = new InjectingProxy(target);
    proxy.#server.listen(0, proxy.host);
    await once(proxy.#server, "listening");
    return proxy;
  }

  get port(): number {
    const { port } = this.#server.address() as AddressInfo; // Listening on TCP since `start`.
    return port;
  }

  /** Connections that were made so far. */
  get accepted(): number {
    return this.#accepted;
  }

  /** Connections that are open. */
  get open(): number {
    return this.#pairs.size;
  }

  /** Says something to who connected, in the name of who was connected to, on every open connection. */
  toClients(bytes: Uint8Array | string): void {
    for (const { client } of this.#pairs) client.write(bytes);
  }

  /** And the other way round. */
  toServers(bytes: Uint8Array | string): void {
    for (const { server } of this.#pairs) server.write(bytes);
  }

  /** From now on, what is said on the connections that are open now is taken and not passed on. */
  swallowFromClients(): void {
    for (const pair of this.#pairs) pair.isSwallowing = true;
  }

  async [Symbol.asyncDispose](): Promise<void> {
    if (!this.#server.listening) return;
    this.#server.close();
    for (const { client, server } of this.#pairs) {
      client.destroy();
      server.destroy();
    }
    await once(this.#server, "close");
  }
}
