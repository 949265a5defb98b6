/**
 * Kills, freezes and splits the servers of networks in mid-traffic, seed by seed: `npm run faults -- --seeds 10`, with
 * `--server inspircd` and `--fault kill` for some of them only, `--seed 7` for one seed again. It ends with 1 when a browser
 * saw what it may not see, or did not see what it must.
 */
import { parseArgs } from "node:util";
import { fixEngine, requestedEngine } from "../support/engine.ts";
import { IMAGES } from "../support/images.ts";
import { setup } from "../support/prepare.ts";
import { type FaultReport, nameOf, runFault } from "./fault-run.ts";
import { FAULT_SUBJECTS, planFault, startFaultServer } from "./server-faults.ts";

const { values } = parseArgs({
  options: {
    seeds: { type: "string", default: "1" },
    seed: { type: "string" },
    server: { type: "string" },
    fault: { type: "string" },
  },
});

const say = (line: string): boolean => process.stdout.write(`${line}\n`);
const seeds =
  values.seed === undefined ? Array.from({ length: Number(values.seeds) }, (_, index) => index + 1) : [values.seed];
const subjects = FAULT_SUBJECTS.filter(
  ({ server, fault }) => server === (values.server ?? server) && fault === (values.fault ?? fault),
);
if (subjects.length === 0) {
  say(`no server with such a fault; there are: ${FAULT_SUBJECTS.map(nameOf).join("; ")}`);
  process.exit(2);
}

const hasPackages = Object.values(IMAGES).every(({ missingPackages }) => missingPackages().length === 0);
if (requestedEngine() === undefined && hasPackages) fixEngine("processes");
else await setup();

const started = performance.now();
const all: FaultReport[] = [];
/** Flags for running those again that failed. */
const failed: string[] = [];
for (const subject of subjects) {
  await using server = await startFaultServer(subject);
  for (const seed of seeds) {
    let faults: readonly string[];
    try {
      const report = await runFault(server, seed);
      all.push(report);
      ({ faults } = report);
    } catch (error) {
      faults = [`the run broke off: ${String(error)}`];
    }
    if (faults.length === 0) continue;
    failed.push(`--server ${subject.server} --fault ${subject.fault} --seed ${seed}`);
    say(`${nameOf(subject)}, seed ${seed}, ${JSON.stringify(planFault(subject, seed))}`);
    for (const fault of faults) say(`  ${fault}`);
  }
}
say("");
for (const line of table(all)) say(line);
const seconds = ((performance.now() - started) / 1_000).toFixed(0);
say(
  failed.length === 0
    ? `faults: passed, ${all.length} runs in ${seconds} s`
    : `faults: FAILED, ${failed.length} runs; again with ${failed.join(", ")}`,
);
process.exitCode = failed.length === 0 ? 0 : 1;

function table(reports: readonly FaultReport[]): string[] {
  const sum = (list: readonly FaultReport[], of: (report: FaultReport) => number): string =>
    list.reduce((total, report) => total + of(report), 0).toString();
  const rows = [...Map.groupBy(reports, ({ subject }) => nameOf(subject))].map(([name, list]) => [
    name,
    list.length.toString(),
    sum(list, ({ messages }) => messages),
    sum(list, ({ missed }) => missed),
    sum(list, ({ lost }) => lost),
    sum(list, ({ twice }) => twice),
    sum(list, ({ notices }) => notices),
    sum(list, ({ accepted }) => accepted),
    sum(list, ({ refused }) => refused),
    sum(list, ({ unknown }) => unknown),
    sum(list, ({ faults }) => faults.length),
  ]);
  const head = [
    "server, fault",
    "seeds",
    "messages",
    "in gaps",
    "lost",
    "twice",
    "notices",
    "accepted",
    "refused",
    "unknown",
    "faults",
  ];
  return [head, ...rows].map((row) =>
    row.map((cell, index) => (index === 0 ? cell.padEnd(20) : cell.padStart(10))).join(""),
  );
}
