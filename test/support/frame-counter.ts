import { once } from "node:events";
import { connect, createServer, type AddressInfo, type Server, type Socket } from "node:net";
import { FrameDecoder } from "../../link/frame-decoder.ts";
import { linkSchema } from "../../link/index.ts";
import type { WireFrame } from "../../link/wire.ts";

/** Passes links of dispatchers on to a bridge, and counts the frames that the dispatchers send. */
export class FrameCounter implements AsyncDisposable {
  readonly host = "127.0.0.1";
  /** Where new links go. */
  target: { readonly host: string; readonly port: number };
  readonly #counts = new Map<WireFrame["type"], number>();
  readonly #server: Server;
  readonly #sockets = new Set<Socket>();

  private constructor(target: { host: string; port: number }) {
    this.target = target;
    this.#server = createServer({ noDelay: true }, (client) => {
      const bridge = connect({ host: this.target.host, port: this.target.port, noDelay: true });
      const decoder = new FrameDecoder("dispatcher", linkSchema.parse({}).maxFrameBytes);
      client.on("data", (chunk: Buffer) => {
        decoder.push(chunk, ({ type }) => this.#counts.set(type, this.of(type) + 1));
        bridge.write(chunk);
      });
      bridge.pipe(client);
      for (const socket of [client, bridge]) {
        this.#sockets.add(socket);
        socket.on("error", () => socket.destroy());
        socket.once("close", () => {
          this.#sockets.delete(socket);
          client.destroy();
          bridge.destroy();
        });
      }
    });
  }

  static async start(target: { host: string; port: number }): Promise<FrameCounter> {
    const counter = new FrameCounter(target);
    counter.#server.listen(0, counter.host);
    await once(counter.#server, "listening");
    return counter;
  }

  get port(): number {
    const { port } = this.#server.address() as AddressInfo; // Listening on TCP since `start`.
    return port;
  }

  /** How many of a type have passed. */
  of(type: WireFrame["type"]): number {
    return this.#counts.get(type) ?? 0;
  }

  async [Symbol.asyncDispose](): Promise<void> {
    if (!this.#server.listening) return;
    this.#server.close();
    for (const socket of this.#sockets) socket.destroy();
    await once(this.#server, "close");
  }
}
