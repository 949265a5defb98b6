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
import { FAULT_SUBJECTS, type FaultServer, planFault, startFaultServer } from "./server-faults.ts";

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

/** What the table says of the runs of one server and fault. */
const COLUMNS: readonly (readonly [title: string, of: (report: FaultReport) => number])[] = [
  ["runs", () => 1],
  ["messages", ({ messages }) => messages],
  ["in gaps", ({ missed }) => missed],
  ["lost", ({ lost }) => lost],
  ["twice", ({ twice }) => twice],
  ["notices", ({ notices }) => notices],
  ["accepted", ({ accepted }) => accepted],
  ["refused", ({ refused }) => refused],
  ["unknown", ({ unknown }) => unknown],
  ["faults", ({ faults }) => faults.length],
];

const started = performance.now();
const all: FaultReport[] = [];
/** Flags for running those again that failed. */
const failed: string[] = [];
sayRow("", ...COLUMNS.map(([title]) => title));
for (const subject of subjects) {
  await using server = await startFaultServer(subject);
  const reports: FaultReport[] = [];
  for (const seed of seeds) {
    const faults = await run(server, seed, reports);
    if (faults.length === 0) continue;
    failed.push(`--server ${subject.server} --fault ${subject.fault} --seed ${seed}`);
    say(`${nameOf(subject)}, seed ${seed}, ${JSON.stringify(planFault(subject, seed))}`);
    for (const fault of faults) say(`  ${fault}`);
  }
  sayRow(nameOf(subject), ...sums(reports));
  all.push(...reports);
}
sayRow("all", ...sums(all));
const seconds = ((performance.now() - started) / 1_000).toFixed(0);
say(
  failed.length === 0
    ? `faults: passed, ${all.length} runs in ${seconds} s`
    : `faults: FAILED, ${failed.length} runs; again with ${failed.join(", ")}`,
);
process.exitCode = failed.length === 0 ? 0 : 1;

/** @returns what was wrong */
async function run(server: FaultServer, seed: string | number, reports: FaultReport[]): Promise<readonly string[]> {
  try {
    const report = await runFault(server, seed);
    reports.push(report);
    return report.faults;
  } catch (error) {
    return [`the run broke off: ${String(error)}`];
  }
}

function sums(reports: readonly FaultReport[]): string[] {
  return COLUMNS.map(([, of]) => reports.reduce((total, report) => total + of(report), 0).toString());
}

function sayRow(name: string, ...cells: readonly string[]): void {
  say([name.padEnd(20), ...cells.map((cell) => cell.padStart(10))].join(""));
}
