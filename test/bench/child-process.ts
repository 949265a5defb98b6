import { type ChildProcess, spawn } from "node:child_process";
import { once } from "node:events";
import { fileURLToPath } from "node:url";
import { type Command, isReport, type Report } from "./load/protocol.ts";

const STOP_MS = 10_000;

/** A load client or a peer: a process of the bench's own, which ends with the bench. */
export class BenchProcess implements AsyncDisposable {
  /** Where it listens; 0 for one that does not. */
  port = 0;
  readonly #name: string;
  readonly #child: ChildProcess;
  readonly #signal: AbortSignal;

  private constructor(script: string, args: readonly string[], signal: AbortSignal) {
    this.#name = script;
    this.#signal = signal;
    const path = fileURLToPath(new URL(script, import.meta.url));
    this.#child = spawn(process.execPath, [path, ...args], { stdio: ["ignore", "inherit", "inherit", "ipc"] });
  }

  /**
   * Starts a script of this folder, and waits until it is ready.
   *
   * @param argument handed over as JSON
   * @param signal ends whatever is waited for
   */
  static async start(script: string, argument: unknown, signal: AbortSignal): Promise<BenchProcess> {
    signal.throwIfAborted();
    const it = new BenchProcess(script, [JSON.stringify(argument)], signal);
    try {
      const report = await it.#report(READY_MS);
      if (report.type !== "ready") throw new Error(`${script} began with "${report.type}"`);
      it.port = report.port;
    } catch (error) {
      await it[Symbol.asyncDispose]();
      throw error;
    }
    return it;
  }

  get pid(): number {
    const { pid } = this.#child;
    if (pid === undefined) throw new Error(`${this.#name} never ran`);
    return pid;
  }

  /** @throws Error when a message was lost, or it takes longer than it may */
  async request(command: Command, withinMs: number): Promise<Report> {
    const report = this.#report(withinMs);
    this.#child.send(command);
    return report;
  }

  async [Symbol.asyncDispose](): Promise<void> {
    const child = this.#child;
    if (child.pid === undefined || child.exitCode !== null || child.signalCode !== null) return;
    const exited = once(child, "exit", { signal: AbortSignal.timeout(STOP_MS) });
    child.kill("SIGKILL");
    await exited;
  }

  #report(withinMs: number): Promise<Report> {
    const { promise, resolve, reject } = Promise.withResolvers<Report>();
    const fail = (reason: string): void => reject(new Error(`${this.#name}: ${reason}`));
    const onMessage = (message: unknown): void => {
      if (!isReport(message)) fail("sent what is no report");
      else if (message.type === "failed") fail(message.reason);
      else resolve(message);
    };
    const onExit = (code: number | null, signal: string | null): void => fail(`ended with ${String(code ?? signal)}`);
    const onError = (error: Error): void => fail(error.message);
    const onAbort = (): void => reject(new Error("stopped", { cause: this.#signal.reason }));
    const timer = setTimeout(() => fail(`no report within ${withinMs} ms`), withinMs);
    this.#child.on("message", onMessage).on("exit", onExit).on("error", onError);
    this.#signal.addEventListener("abort", onAbort, { once: true });
    return promise.finally(() => {
      clearTimeout(timer);
      this.#child.off("message", onMessage).off("exit", onExit).off("error", onError);
      this.#signal.removeEventListener("abort", onAbort);
    });
  }
}

/** A thousand sessions are set up before a load client is ready. */
const READY_MS = 60_000;
