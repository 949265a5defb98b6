/** The part of `process` that delivers signals. */
export interface SignalSource {
  on(signal: StopSignal, listener: (signal: StopSignal) => void): unknown;
}

/** The signals that ask for a clean stop. */
export type StopSignal = "SIGTERM" | "SIGINT";

/** How patient a stop is; time is handed in. */
export interface StopOptions {
  /** A signal this soon after the first counts as the same one: npm and the terminal both pass Ctrl-C on. */
  readonly repeatWithinMs: number;
  readonly drainTimeoutMs: number;
  /** A clock that never goes back, in ms. */
  readonly now: () => number;
  /** Told why the exit code will be 1. */
  readonly onFault: (error: Error) => void;
}

/**
 * Starts the drain at the first SIGTERM or SIGINT.
 *
 * @param stop resolves when everything is closed
 * @returns the exit code: 0 after a clean stop; 1 when `stop` fails or takes too long, or at once when the signal is repeated later
 */
export function onStop(
  source: SignalSource,
  stop: (signal: StopSignal) => Promise<void>,
  { repeatWithinMs, drainTimeoutMs, now, onFault }: StopOptions,
): Promise<0 | 1> {
  return new Promise((resolve) => {
    let firstAt: number | undefined;
    let timer: NodeJS.Timeout | undefined;
    let isDone = false;

    function finish(error?: Error): void {
      if (isDone) return;
      isDone = true;
      clearTimeout(timer);
      if (error !== undefined) onFault(error);
      resolve(error === undefined ? 0 : 1);
    }

    async function drain(signal: StopSignal): Promise<void> {
      await stop(signal);
    }

    function onSignal(signal: StopSignal): void {
      if (firstAt === undefined) {
        firstAt = now();
        // Not unref'd: with nothing else left, this timer is what turns a drain that hangs into exit code 1.
        timer = setTimeout(() => finish(new Error(`the drain took more than ${drainTimeoutMs} ms`)), drainTimeoutMs);
        drain(signal).then(
          () => finish(),
          (cause: unknown) => finish(new Error("the drain failed", { cause })),
        );
      } else if (now() - firstAt > repeatWithinMs) {
        finish(new Error(`stopped at once by a second signal, ${signal}`));
      }
    }

    // Never removed: without a listener a late repeat would kill the process, and its exit code with it.
    source.on("SIGTERM", onSignal);
    source.on("SIGINT", onSignal);
  });
}
