import { spawn, type ChildProcess } from "node:child_process";
import { once } from "node:events";
import { createInterface } from "node:readline";
import { fileURLToPath } from "node:url";

const CLI = fileURLToPath(new URL("../../cli.ts", import.meta.url));
const READY_MS = 20_000;
const STOP_MS = 15_000;

/** How a process ended: with an exit code, or by a signal. */
export interface Exit {
  readonly code: number | null;
  readonly signal: NodeJS.Signals | null;
}

/** One process of ours (`node cli.ts …`), which dies with the test process. */
export class TierProcess implements AsyncDisposable {
  readonly host = "127.0.0.1";
  /** Lines of standard output and standard error. */
  readonly output: string[] = [];
  readonly log: string[] = [];
  /** Settled when the process has ended and all that it said is in `output` and `log`. */
  readonly exited: Promise<Exit>;
  readonly #args: readonly string[];
  readonly #child: ChildProcess;
  #port = 0;

  private constructor(args: readonly string[], env: Readonly<Record<string, string>>) {
    this.#args = args;
    const bound = process.platform === "linux" ? ["setpriv", "--pdeathsig", "KILL", "--"] : [];
    const [command = process.execPath, ...rest] = [...bound, process.execPath, CLI, ...args];
    this.#child = spawn(command, rest, { stdio: ["ignore", "pipe", "pipe"], env: { ...cleanEnvironment(), ...env } });
    this.#child.once("error", (error) => this.log.push(error.message));
    collect(this.#child.stdout, this.output);
    collect(this.#child.stderr, this.log);
    this.exited = new Promise((resolve) => {
      this.#child.once("error", () => resolve({ code: null, signal: null }));
      this.#child.once("close", (code, signal) => resolve({ code, signal }));
    });
  }

  /** Starts it and waits for nothing: for commands that end by themselves, or wait for a network. */
  static launch(args: readonly string[], env: Readonly<Record<string, string>> = {}): TierProcess {
    return new TierProcess(args, env);
  }

  /**
   * @param ready matches the line of standard output that says where the process listens; its first group is the port
   * @param readyMs how long that may take
   * @throws Error with what the process said, when it ends or is not ready in time
   */
  static async start(
    ready: RegExp,
    args: readonly string[],
    env: Readonly<Record<string, string>> = {},
    readyMs: number = READY_MS,
  ): Promise<TierProcess> {
    const tier = new TierProcess(args, env);
    try {
      tier.#port = await tier.#waitUntilReady(ready, readyMs);
    } catch (error) {
      await tier[Symbol.asyncDispose]();
      throw error;
    }
    return tier;
  }

  get pid(): number {
    const { pid } = this.#child;
    if (pid === undefined) throw new Error(`node cli.ts ${this.#args.join(" ")} never ran`);
    return pid;
  }

  get port(): number {
    return this.#port;
  }

  /** Without a slash at its end. */
  get url(): string {
    return `http://${this.host}:${this.#port}`;
  }

  /** SIGKILL, and waits until it is gone. */
  async kill9(): Promise<void> {
    await this.#end("SIGKILL");
  }

  /** SIGSTOP: connections stay open, nothing answers. */
  freeze(): void {
    this.#child.kill("SIGSTOP");
  }

  thaw(): void {
    this.#child.kill("SIGCONT");
  }

  /** Sends a signal, and waits for nothing. */
  signal(signal: NodeJS.Signals): void {
    this.#child.kill(signal);
  }

  /** SIGTERM. @throws Error unless the process drains and exits with 0 */
  async stop(): Promise<void> {
    await this.#end("SIGTERM");
    const { exitCode, signalCode } = this.#child;
    if (exitCode !== 0) throw new Error(this.#failure(`ended with ${String(exitCode ?? signalCode)} after SIGTERM`));
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.#end("SIGKILL");
  }

  get isRunning(): boolean {
    return this.#child.pid !== undefined && this.#child.exitCode === null && this.#child.signalCode === null;
  }

  async #end(signal: "SIGTERM" | "SIGKILL"): Promise<void> {
    if (!this.isRunning) return;
    const exited = once(this.#child, "exit", { signal: AbortSignal.timeout(STOP_MS) });
    this.#child.kill(signal);
    await exited.catch((error: unknown) => {
      throw new Error(this.#failure(`did not end within ${STOP_MS} ms of ${signal}`), { cause: error });
    });
  }

  #waitUntilReady(ready: RegExp, readyMs: number): Promise<number> {
    const { stdout } = this.#child;
    if (stdout === null) throw new Error("standard output is a pipe");
    return new Promise((resolve, reject) => {
      const fail = (reason: string): void => reject(new Error(this.#failure(reason)));
      const timer = setTimeout(() => fail(`not ready within ${readyMs} ms`), readyMs);
      this.#child.once("exit", (code, signal) => fail(`ended with ${String(code ?? signal)}`));
      this.#child.once("error", (error) => fail(error.message));
      createInterface({ input: stdout }).on("line", (line) => {
        const port = ready.exec(line)?.[1];
        if (port === undefined) return;
        clearTimeout(timer);
        resolve(Number(port));
      });
    });
  }

  #failure(reason: string): string {
    const said = [...this.output, ...this.log].slice(-40).map((line) => `  ${line}`);
    return [`node cli.ts ${this.#args.join(" ")} ${reason}; it said`, ...said].join("\n");
  }
}

/** A bridge of its own, on an IRC server. @param flags more flags of `tailspin bridge` */
export function startBridge(irc: { host: string; port: number }, ...flags: string[]): Promise<TierProcess> {
  const address = ["--irc-host", irc.host, "--irc-port", String(irc.port)];
  const port = flags.includes("--bridge-port") ? [] : ["--bridge-port", "0"];
  return TierProcess.start(/^tailspin bridge ready \S+:(\d+)$/, ["bridge", ...port, ...address, ...flags]);
}

/** A dispatcher of its own, once its `/health` says that it can serve. */
export function startDispatcher(
  bridges: readonly { host: string; port: number }[],
  ...flags: string[]
): Promise<TierProcess> {
  const list = bridges.map(({ host, port }) => `${host}:${port}`).join(",");
  return startDispatcherWith("--dispatcher-bridges", list, ...flags);
}

/** One that says by its flags where its bridges are. */
export async function startDispatcherWith(...flags: string[]): Promise<TierProcess> {
  const port = flags.includes("--port") ? [] : ["--port", "0"];
  const args = ["dispatcher", ...port, ...flags];
  const dispatcher = await TierProcess.start(/^tailspin dispatcher ready http:\/\/\S+?:(\d+)\/?$/, args);
  try {
    await waitForHealth(dispatcher.url);
  } catch (error) {
    await dispatcher[Symbol.asyncDispose]();
    throw error;
  }
  return dispatcher;
}

/** HaloD. @param port where it listens, so that it can be started again there @param file what it keeps */
export function startHalod(port: number, file: string, ...flags: string[]): Promise<TierProcess> {
  const args = ["halod", "--halod-port", String(port), "--halod-file", file, ...flags];
  return TierProcess.start(/^tailspin halod ready \S+:(\d+)$/, args);
}

/** Everything in one process. */
export function startUp(...flags: string[]): Promise<TierProcess> {
  const port = flags.includes("--port") ? [] : ["--port", "0"];
  const irc = flags.includes("--irc-port") ? [] : ["--irc-port", "0"];
  return TierProcess.start(/http:\/\/127\.0\.0\.1:(\d+)/, ["up", ...port, ...irc, ...flags]);
}

/** Resolves when `GET /health` is answered with 200. */
export async function waitForHealth(url: string, timeoutMs: number = READY_MS): Promise<void> {
  const deadline = Date.now() + timeoutMs;
  let last = "nothing was asked";
  while (Date.now() < deadline) {
    last = await fetch(`${url}/health`, { signal: AbortSignal.timeout(1_000) }).then(
      async (response) => (await response.arrayBuffer(), response.ok ? "" : `status ${response.status}`),
      (error: unknown) => String(error),
    );
    if (last === "") return;
    await new Promise((resolve) => setImmediate(resolve));
  }
  throw new Error(`${url}/health did not become 200 within ${timeoutMs} ms: ${last}`);
}

/** Ours without `TAILSPIN_*`: what steers the tests, or this machine's stack, is not for the processes under test. */
function cleanEnvironment(): NodeJS.ProcessEnv {
  return Object.fromEntries(Object.entries(process.env).filter(([name]) => !name.startsWith("TAILSPIN_")));
}

function collect(stream: NodeJS.ReadableStream | null, lines: string[]): void {
  if (stream !== null) createInterface({ input: stream }).on("line", (line) => lines.push(line));
}
