import { spawn, type ChildProcess } from "node:child_process";
import { once } from "node:events";
import { waitForAnswer, type Probe } from "./probes.ts";
import type { TestServer } from "./test-server.ts";

/** How to run a server in the foreground. */
export interface ServerCommand {
  readonly name: string;
  readonly port: number;
  readonly otherPorts?: Readonly<Record<string, number>>;
  /** Tells whether it is there. */
  readonly probe: Probe;
  readonly command: string;
  readonly args: readonly string[];
  /** Started as root, it runs as nobody: servers refuse to run as root, and need not. */
  readonly isUnprivileged?: boolean;
  /** Called once, when the server is disposed of. */
  readonly cleanUp?: () => Promise<void>;
}

const HOST = "127.0.0.1";
const STOP_MS = 20_000;
/** Lines of output that are kept for the message of a failure. */
const KEPT_OUTPUT = 8_192;

/** A test server as a child process, which dies with this process, however this one ends. */
export class ProcessServer implements TestServer {
  readonly name: string;
  readonly host = HOST;
  readonly port: number;
  readonly otherPorts: Readonly<Record<string, number>>;
  capabilities: readonly string[] = [];
  readonly #command: ServerCommand;
  #child: ChildProcess | undefined;
  #output = "";
  #isDisposed = false;

  private constructor(command: ServerCommand) {
    this.#command = command;
    this.name = command.name;
    this.port = command.port;
    this.otherPorts = command.otherPorts ?? {};
  }

  static async start(command: ServerCommand): Promise<ProcessServer> {
    const server = new ProcessServer(command);
    try {
      await server.start();
    } catch (error) {
      await server[Symbol.asyncDispose]();
      throw error;
    }
    return server;
  }

  async start(): Promise<void> {
    if (this.#isRunning) return;
    const [command, args] = boundToUs(this.#command);
    const child = spawn(command, args, { stdio: ["ignore", "pipe", "pipe"] });
    this.#child = child;
    const keep = (chunk: Buffer): void => {
      this.#output = (this.#output + chunk.toString()).slice(-KEPT_OUTPUT);
    };
    child.stdout.on("data", keep);
    child.stderr.on("data", keep);
    child.once("error", (error) => keep(Buffer.from(error.message)));
    try {
      this.capabilities = await waitForAnswer(
        this.#command.probe,
        this.host,
        this.port,
        () => child.pid !== undefined && child.exitCode === null,
      );
    } catch (error) {
      throw new Error(`${this.name} did not start; it said:\n${this.#output}`, { cause: error });
    }
  }

  async stop(): Promise<void> {
    await this.#end("SIGTERM");
  }

  async kill(): Promise<void> {
    await this.#end("SIGKILL");
  }

  freeze(): Promise<void> {
    this.#child?.kill("SIGSTOP");
    return Promise.resolve();
  }

  thaw(): Promise<void> {
    this.#child?.kill("SIGCONT");
    return Promise.resolve();
  }

  async [Symbol.asyncDispose](): Promise<void> {
    if (this.#isDisposed) return;
    this.#isDisposed = true;
    await this.#end("SIGKILL");
    await this.#command.cleanUp?.();
  }

  get #isRunning(): boolean {
    return this.#child?.pid !== undefined && this.#child.exitCode === null && this.#child.signalCode === null;
  }

  async #end(signal: "SIGTERM" | "SIGKILL"): Promise<void> {
    const child = this.#child;
    if (child === undefined || !this.#isRunning) return;
    const exited = once(child, "exit", { signal: AbortSignal.timeout(STOP_MS) });
    child.kill(signal);
    await exited;
  }
}

/** On Linux the kernel kills the child when we die, however we die. */
function boundToUs({ command, args, isUnprivileged }: ServerCommand): [string, string[]] {
  if (process.platform !== "linux") return [command, [...args]];
  const drops = isUnprivileged === true && process.getuid?.() === 0;
  const user = drops ? ["--reuid", "nobody", "--regid", "nogroup", "--clear-groups"] : [];
  return ["setpriv", [...user, "--pdeathsig", "KILL", "--", command, ...args]];
}
