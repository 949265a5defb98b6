import { spawn, type ChildProcess } from "node:child_process";
import { once } from "node:events";
import { setTimeout as delay } from "node:timers/promises";

export type Environment = Readonly<Record<string, string | undefined>>;

/** How a command ended. */
export interface CommandEnd {
  /** Null where all is well; else why not, for the operator. */
  readonly failure: string | null;
  /** The last that it said. */
  readonly output: string;
}

export interface CommandOptions {
  /** The program and its arguments; no shell reads them. */
  readonly command: readonly string[];
  readonly environment: Environment;
  readonly timeoutMs: number;
  /** Ends it, as the time does. */
  readonly signal: AbortSignal;
}

const MAX_OUTPUT = 1_000;
/** After SIGTERM it may still tidy up. */
const KILL_AFTER_MS = 2_000;
/** What it said last may come after its end; what it left running may hold on to its output for ever. */
const LAST_WORDS_MS = 200;

/**
 * Runs a command to its end, or ends it, with all that it has started, when it takes too long.
 *
 * What a command that succeeds leaves running is left alone, and may go on writing to where the command wrote.
 */
export async function runCommand(options: CommandOptions): Promise<CommandEnd> {
  const { command, environment, timeoutMs, signal } = options;
  const [program = "", ...args] = command;
  if (signal.aborted) return { failure: "not run: HaloD stops", output: "" };
  try {
    // A group of its own, so that what it waits for ends with it.
    const child = spawn(program, args, { stdio: ["ignore", "pipe", "pipe"], env: { ...environment }, detached: true });
    const ending = ended(child, timeoutMs, signal);
    const closed = once(child, "close").catch(() => undefined);
    const said = outputOf(child);
    const failure = await ending;
    await Promise.race([closed, delay(LAST_WORDS_MS, undefined, { ref: false })]);
    return { failure, output: said().trim() };
  } catch (error) {
    return { failure: error instanceof Error ? error.message : String(error), output: "" };
  }
}

/** @returns what tells the last that it has said by then */
function outputOf({ stdout, stderr }: ChildProcess): () => string {
  let output = "";
  for (const stream of [stdout, stderr]) {
    stream?.setEncoding("utf8").on("data", (text: string) => {
      output = (output + text).slice(-MAX_OUTPUT);
    });
    stream?.on("error", () => undefined);
  }
  return () => output;
}

async function ended(child: ChildProcess, timeoutMs: number, signal: AbortSignal): Promise<string | null> {
  const stop = new AbortController();
  const late = AbortSignal.any([signal, AbortSignal.timeout(timeoutMs)]);
  const exit = once(child, "exit", { signal: stop.signal });
  let killTimer: NodeJS.Timeout | undefined;
  let why: string | null = null;
  const onLate = () => {
    why = signal.aborted ? "ended: HaloD stops" : `ended: it took longer than ${timeoutMs} ms`;
    kill(child, "SIGTERM");
    killTimer = setTimeout(() => kill(child, "SIGKILL"), KILL_AFTER_MS);
  };
  late.addEventListener("abort", onLate, { once: true });
  try {
    await exit;
    if (why !== null) kill(child, "SIGKILL");
    if (why !== null || child.exitCode === 0) return why;
    return `ended with ${String(child.exitCode ?? child.signalCode)}`;
  } finally {
    stop.abort();
    late.removeEventListener("abort", onLate);
    clearTimeout(killTimer);
  }
}

function kill({ pid }: ChildProcess, signal: NodeJS.Signals): void {
  if (pid === undefined) return;
  try {
    process.kill(-pid, signal);
  } catch {
    // Nobody of the group is left.
  }
}
