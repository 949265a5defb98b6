/**
 * Cuts connections on every transport, seed by seed: `npm run cuts -- --seeds 10`, or `-- --seed 7` for one of them again.
 * It ends with 1 when a client saw what it may not see, or did not see what it must.
 */
import { parseArgs } from "node:util";
import { fixEngine, requestedEngine } from "../support/engine.ts";
import { lookFor } from "../support/executables.ts";
import { setup } from "../support/prepare.ts";
import { WholeStack } from "../support/whole-stack.ts";
import { CUT_SUBJECTS, type CutReport, runCuts } from "./cut-run.ts";

const { values } = parseArgs({
  options: {
    seeds: { type: "string", default: "1" },
    seed: { type: "string" },
    cuts: { type: "string", default: "100" },
  },
});

const say = (line: string): boolean => process.stdout.write(`${line}\n`);
const seeds =
  values.seed === undefined ? Array.from({ length: Number(values.seeds) }, (_, index) => index + 1) : [values.seed];
const started = performance.now();
const all: CutReport[] = [];
const failed: (string | number)[] = [];

if (requestedEngine() === undefined && lookFor("ngircd") !== undefined) fixEngine("processes");
else await setup();
await using stack = await WholeStack.start({ bridgeFlags: ["--bridge-connect-timeout-ms", "2000"] });
for (const seed of seeds) {
  const reports = await runCuts(stack, { seed, cuts: Number(values.cuts), subjects: CUT_SUBJECTS });
  all.push(...reports);
  const bad = reports.filter(({ faults }) => faults.length > 0);
  const cuts = reports.reduce((sum, report) => sum + report.cuts, 0);
  say(`seed ${seed}: ${cuts} cuts, ${reports[0]?.said ?? 0} messages to each of ${reports.length} clients`);
  if (bad.length > 0) failed.push(seed);
  for (const { subject, faults } of bad) say(`  ${subject}: ${faults.join("; ")}`);
}
say("");
for (const line of table(all)) say(line);
const seconds = ((performance.now() - started) / 1_000).toFixed(0);
say(
  failed.length === 0
    ? `cuts: passed, ${seeds.length} seeds in ${seconds} s`
    : `cuts: FAILED; again with ${failed.map((seed) => `--seed ${seed}`).join(", ")} --cuts ${values.cuts}`,
);
process.exitCode = failed.length === 0 ? 0 : 1;

function table(reports: readonly CutReport[]): string[] {
  const bySubject = Map.groupBy(reports, ({ subject }) => subject);
  const sum = (list: readonly CutReport[], of: (report: CutReport) => number): string =>
    list.reduce((total, report) => total + of(report), 0).toString();
  const rows = [...bySubject].map(([subject, list]) => [
    subject,
    sum(list, ({ cuts }) => cuts),
    sum(list, ({ said }) => said),
    sum(list, ({ heard }) => heard),
    sum(list, ({ lost }) => lost),
    sum(list, ({ faults }) => faults.length),
  ]);
  return [["client", "cuts", "said", "heard", "possibly lost", "faults"], ...rows].map((row) =>
    row.map((cell, index) => (index === 0 ? cell.padEnd(42) : cell.padStart(14))).join(""),
  );
}
