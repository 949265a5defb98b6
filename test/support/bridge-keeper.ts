import { once } from "node:events";
import { createServer, type Server } from "node:http";
import { text } from "node:stream/consumers";
import { fileURLToPath } from "node:url";
import { ROUTES, SECRET } from "./halod-cluster.ts";
import { startBridge, type TierProcess } from "./stack.ts";

const SCRIPT = fileURLToPath(new URL("scale-command.ts", import.meta.url));

/** What a command was told, as the autoscaler writes it. */
interface Call {
  readonly action: string;
  readonly nodes: string;
  readonly wanted: string;
}

/** Starts and stops real bridges for the commands of an autoscaler, as a supervisor would. */
export class BridgeKeeper implements AsyncDisposable {
  readonly calls: Call[] = [];
  readonly bridges = new Map<number, TierProcess>();
  readonly #server: Server;
  readonly #resources = new AsyncDisposableStack();
  readonly #irc: { host: string; port: number };
  readonly #halodPort: number;

  private constructor(irc: { host: string; port: number }, halodPort: number) {
    this.#irc = irc;
    this.#halodPort = halodPort;
    this.#server = createServer((request, response) => {
      text(request)
        .then((body) => this.#serve(JSON.parse(body)))
        .then(
          () => response.end("done"),
          (error: unknown) => response.writeHead(500).end(String(error)),
        );
    });
  }

  /** @param irc where bridges have their network @param halodPort where they register */
  static async start(irc: { host: string; port: number }, halodPort: number): Promise<BridgeKeeper> {
    const keeper = new BridgeKeeper(irc, halodPort);
    keeper.#server.listen(0, "127.0.0.1");
    await once(keeper.#server, "listening");
    return keeper;
  }

  /** The command, as `halod.autoscale.start` and `stop` have it on a command line. */
  get command(): string {
    const address = this.#server.address();
    const port = typeof address === "object" ? address?.port : 0;
    return [process.execPath, SCRIPT, `http://127.0.0.1:${port}/`].join(",");
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.#server.closeAllConnections();
    this.#server.close();
    await this.#resources.disposeAsync();
  }

  async #serve(call: Call): Promise<void> {
    this.calls.push(call);
    const nodes = call.nodes.split(" ").map(Number);
    await Promise.all(nodes.map((node) => (call.action === "start" ? this.#add(node) : this.#remove(node))));
  }

  async #add(node: number): Promise<void> {
    const stack = ["--secret", SECRET, "--routes", String(ROUTES)];
    const own = ["--bridge-halod", `127.0.0.1:${this.#halodPort}`, "--bridge-node", String(node)];
    this.bridges.set(node, this.#resources.use(await startBridge(this.#irc, ...stack, ...own)));
  }

  async #remove(node: number): Promise<void> {
    await this.bridges.get(node)?.stop();
    this.bridges.delete(node);
  }
}
