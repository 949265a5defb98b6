/** A process of clients, which dies with the one that started it: `node main.ts '{"port", "sessions", …}'`. */
import { Crowd } from "./crowd.ts";
import type { CrowdAnswer, CrowdCommand, CrowdPlan } from "./protocol.ts";

process.on("disconnect", () => process.exit(0));
// Whoever started us ends us: a Ctrl-C in a terminal is for that one.
process.on("SIGINT", () => undefined);

const plan: CrowdPlan = JSON.parse(process.argv[2] ?? "{}");
try {
  const crowd = await Crowd.gather(plan);
  process.on("message", (command: CrowdCommand) => {
    serve(crowd, command).then(answer, fail);
  });
  answer({ type: "ready" });
} catch (error) {
  fail(error);
}

async function serve(crowd: Crowd, command: CrowdCommand): Promise<CrowdAnswer> {
  switch (command.type) {
    case "begin":
      crowd.begin(command.prefix, command.publishEveryMs);
      return { type: "begun" };
    case "quiet":
      await crowd.quiet();
      return { type: "quieted" };
    case "settle":
      return { type: "settled", deaf: await crowd.settle(command.texts, command.withinMs) };
    case "end":
      await crowd[Symbol.asyncDispose]();
      return { type: "ended" };
    case "report":
      return { type: "reported", ...crowd.report() };
  }
}

function answer(what: CrowdAnswer): void {
  process.send?.(what);
}

function fail(error: unknown): void {
  answer({ type: "failed", reason: error instanceof Error ? (error.stack ?? error.message) : String(error) });
}
