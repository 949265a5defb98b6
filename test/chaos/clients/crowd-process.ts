import { type ChildProcess, spawn } from "node:child_process";
import { once } from "node:events";
import { fileURLToPath } from "node:url";
import type { CrowdAnswer, CrowdCommand, CrowdPlan } from "./protocol.ts";

const SCRIPT = fileURLToPath(new URL("main.ts", import.meta.url));
/** Several hundred handshakes on a busy machine; and the longest time that a publish is waited for. */
const READY_MS = 60_000;
const ANSWER_MS = 45_000;
const END_MS = 5_000;

type AnswerOf<Type extends CrowdAnswer["type"]> = Extract<CrowdAnswer, { type: Type }>;

/** The process of clients, seen from outside. */
export class CrowdProcess implements AsyncDisposable {
  readonly #child: ChildProcess;

  private constructor(plan: CrowdPlan) {
    const stdio = ["ignore", "inherit", "inherit", "ipc"] as const;
    this.#child = spawn(process.execPath, [SCRIPT, JSON.stringify(plan)], { stdio: [...stdio] });
  }

  /** Resolves when all sessions are subscribed. */
  static async start(plan: CrowdPlan): Promise<CrowdProcess> {
    const crowd = new CrowdProcess(plan);
    try {
      await crowd.#answer("ready", READY_MS);
    } catch (error) {
      await crowd[Symbol.asyncDispose]();
      throw error;
    }
    return crowd;
  }

  async begin(prefix: string, publishEveryMs: number): Promise<void> {
    await this.#ask({ type: "begin", prefix, publishEveryMs }, "begun");
  }

  /** Resolves when nobody publishes any more, and all publishes are answered. */
  async quiet(): Promise<void> {
    await this.#ask({ type: "quiet" }, "quieted");
  }

  /** @returns the names of sessions that have not seen the text of their channel in time */
  async settle(texts: Readonly<Record<string, string>>, withinMs: number): Promise<readonly string[]> {
    return (await this.#ask({ type: "settle", texts, withinMs }, "settled")).deaf;
  }

  async report(): Promise<AnswerOf<"reported">> {
    return this.#ask({ type: "report" }, "reported");
  }

  async [Symbol.asyncDispose](): Promise<void> {
    const child = this.#child;
    if (child.pid === undefined || child.exitCode !== null || child.signalCode !== null) return;
    const exited = once(child, "exit");
    // Sessions that nobody ends would be kept, and would move, for as long as they may live.
    if (child.connected) await this.#ask({ type: "end" }, "ended", END_MS).catch(() => undefined);
    child.kill("SIGKILL");
    await exited;
  }

  #ask<Type extends CrowdAnswer["type"]>(
    command: CrowdCommand,
    type: Type,
    withinMs = ANSWER_MS,
  ): Promise<AnswerOf<Type>> {
    const answer = this.#answer(type, withinMs);
    this.#child.send(command);
    return answer;
  }

  #answer<Type extends CrowdAnswer["type"]>(type: Type, withinMs: number): Promise<AnswerOf<Type>> {
    const { promise, resolve, reject } = Promise.withResolvers<AnswerOf<Type>>();
    const fail = (reason: string): void => reject(new Error(`the clients: ${reason}`));
    const onMessage = (answer: CrowdAnswer): void => {
      if (isOf(answer, type)) resolve(answer);
      else fail(answer.type === "failed" ? answer.reason : `said ${answer.type} instead of ${type}`);
    };
    const onExit = (code: number | null, signal: string | null): void => fail(`ended with ${String(code ?? signal)}`);
    const timer = setTimeout(() => fail(`not ${type} within ${withinMs} ms`), withinMs);
    this.#child.once("message", onMessage).once("exit", onExit);
    return promise.finally(() => {
      clearTimeout(timer);
      this.#child.off("message", onMessage).off("exit", onExit);
    });
  }
}

function isOf<Type extends CrowdAnswer["type"]>(answer: CrowdAnswer, type: Type): answer is AnswerOf<Type> {
  return answer.type === type;
}
