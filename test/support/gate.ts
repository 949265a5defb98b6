import { once } from "node:events";
import { connect, createServer, type AddressInfo, type Server, type Socket } from "node:net";

/** Passes TCP connections on while it is open; shut, it breaks them and ends whatever comes. */
export class Gate implements AsyncDisposable {
  readonly host = "127.0.0.1";
  readonly #server: Server;
  readonly #sockets = new Set<Socket>();
  #isOpen = true;

  private constructor(target: { host: string; port: number }) {
    this.#server = createServer((client) => {
      if (!this.#isOpen) return void client.destroy();
      const server = connect({ host: target.host, port: target.port });
      const end = (): void => {
        client.destroy();
        server.destroy();
      };
      for (const socket of [client, server]) {
        this.#sockets.add(socket);
        socket.setNoDelay(true);
        socket.on("error", end);
        socket.once("close", () => {
          this.#sockets.delete(socket);
          end();
        });
      }
      client.pipe(server);
      server.pipe(client);
    });
  }

  static async start(target: { host: string; port: number }): Promise<Gate> {
    const gate = new Gate(target);
    gate.#server.listen(0, gate.host);
    await once(gate.#server, "listening");
    return gate;
  }

  get port(): number {
    const { port } = this.#server.address() as AddressInfo; // Listening on TCP since `start`.
    return port;
  }

  open(): void {
    this.#isOpen = true;
  }

  shut(): void {
    this.#isOpen = false;
    for (const socket of this.#sockets) socket.destroy();
  }

  async [Symbol.asyncDispose](): Promise<void> {
    if (!this.#server.listening) return;
    this.#server.close();
    for (const socket of this.#sockets) socket.destroy();
    await once(this.#server, "close");
  }
}
