import { once } from "node:events";
import { connect, createServer, type AddressInfo, type Server, type Socket } from "node:net";
import { Transform } from "node:stream";

/** Passes TCP connections on while it is open; shut, it breaks them and ends whatever comes. */
export class Gate implements AsyncDisposable {
  readonly host = "127.0.0.1";
  readonly #server: Server;
  readonly #sockets = new Set<Socket>();
  #isOpen = true;
  #trap: { readonly text: string; readonly caught: PromiseWithResolvers<void> } | null = null;

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
      client.pipe(this.#watched()).pipe(server);
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

  /**
   * Keeps back whatever says this on its way to the server, and all that comes after it on that connection.
   *
   * @returns resolves when something is kept back
   */
  keepBack(text: string): Promise<void> {
    const caught = Promise.withResolvers<void>();
    this.#trap = { text, caught };
    return caught.promise;
  }

  /** Nothing more is kept back; what was, stays so. */
  passAll(): void {
    this.#trap = null;
  }

  async [Symbol.asyncDispose](): Promise<void> {
    if (!this.#server.listening) return;
    this.#server.close();
    for (const socket of this.#sockets) socket.destroy();
    await once(this.#server, "close");
  }

  #watched(): Transform {
    let end = "";
    return new Transform({
      transform: (chunk: Buffer, _, done) => {
        const trap = this.#trap;
        const said = trap ? end + chunk.toString("latin1") : "";
        // Where it began in the chunk before, the server has not got its end, and does not know what it is.
        if (trap && said.includes(trap.text)) return trap.caught.resolve();
        end = trap ? said.slice(-trap.text.length) : "";
        done(null, chunk);
      },
    });
  }
}
