import { type Command, isCommand, type Report } from "./protocol.ts";

/** Tells the bench. */
export function report(report: Report): void {
  process.send?.(report);
}

/**
 * Serves the bench's commands, one after the other, until the bench goes away.
 *
 * @param serve what fails in it fails the bench
 */
export function serveCommands(serve: (command: Command) => Promise<Report>): void {
  process.on("message", (message: unknown) => {
    if (!isCommand(message)) return fail(new Error("this is no command"));
    serve(message).then(report, fail);
  });
  dieWithBench();
}

/** An orphan must not go on loading the machine. */
export function dieWithBench(): void {
  process.on("disconnect", () => process.exit(0));
}

/** Tells the bench why this process cannot go on. */
export function fail(error: unknown): void {
  report({ type: "failed", reason: error instanceof Error ? (error.stack ?? error.message) : String(error) });
}

/** The argument of this process. The bench made it, so its shape is not checked here. */
export function argument(): unknown {
  return JSON.parse(process.argv[2] ?? "null");
}
