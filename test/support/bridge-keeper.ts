import { once } from "node:events";
import { createServer, type Server } from "node:http";
import { text } from "node:stream/consumers";
import { fileURLToPath } from "node:url";
import { ROUTES, SECRET } from "./halod-cluster.ts";
import { TierProcess } from "./stack.ts";

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
    if (call.action === "start") for (const node of nodes) this.#add(node);
    else await Promise.all(nodes.map((node) => this.#remove(node)));
  }

  /** Waits for nothing, as a supervisor does not: HaloD sees when it has registered. */
  #add(node: number): void {
    const { host, port } = this.#irc;
    const irc = ["--irc-host", host, "--irc-port", String(port)];
    const stack = ["--secret", SECRET, "--routes", String(ROUTES)];
    const own = ["--bridge-port", "0", "--bridge-halod", `127.0.0.1:${this.#halodPort}`, "--bridge-node", String(node)];
    this.bridges.set(node, this.#resources.use(TierProcess.launch(["bridge", ...irc, ...stack, ...own])));
  }

  async #remove(node: number): Promise<void> {
    const bridge = this.bridges.get(node);
    bridge?.signal("SIGTERM");
    const exit = await bridge?.exited;
    if (exit?.code !== 0) throw new Error(`bridge ${node} ended with ${JSON.stringify(exit)}`);
    this.bridges.delete(node);
  }
}
