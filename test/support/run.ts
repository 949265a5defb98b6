/**
 * Runs what an npm script stands for, and ends with one line of result and a true exit code:
 * `node test/support/run.ts test|conformance|check|fuzz [arguments for vitest]`.
 */
import { spawn } from "node:child_process";

interface Job {
  readonly name: string;
  readonly command: string;
  readonly args: readonly string[];
}

const vitest = (name: string, projects: readonly string[], ...more: string[]): Job => ({
  name,
  command: "vitest",
  args: ["run", ...projects.flatMap((project) => ["--project", project]), ...more],
});

const [task = "", ...extra] = process.argv.slice(2);

const TASKS: Readonly<Record<string, readonly Job[]>> = {
  test: [
    vitest(
      "unit, properties, contract, integration, e2e",
      ["unit", "properties", "contract", "integration", "e2e"],
      ...extra,
    ),
  ],
  conformance: [vitest("conformance", ["conformance"], ...extra)],
  fuzz: [vitest("fuzz", ["fuzz"], ...extra)],
  check: [
    { name: "lint", command: "oxlint", args: [] },
    { name: "types", command: "tsc", args: ["-b"] },
    { name: "format", command: "prettier", args: ["--check", "--cache", "--log-level", "warn", "."] },
    vitest("unit", ["unit"], ...extra),
  ],
};

const jobs = TASKS[task];
if (jobs === undefined) {
  console.error(`run.ts: "${task}" is none of ${Object.keys(TASKS).join(", ")}`);
  process.exit(2);
}

const started = performance.now();
const failed = (await Promise.all(jobs.map((job) => run(job, jobs.length > 1)))).filter((name) => name !== undefined);
const seconds = ((performance.now() - started) / 1_000).toFixed(1);
const names = jobs.map(({ name }) => name).join(", ");
console.log(
  failed.length === 0
    ? `${task}: passed in ${seconds} s (${names})`
    : `${task}: FAILED in ${seconds} s (${failed.join(", ")})`,
);
process.exitCode = failed.length === 0 ? 0 : 1;

/** @returns the job's name when it failed. Jobs side by side are quiet unless they fail. */
function run({ name, command, args }: Job, isQuiet: boolean): Promise<string | undefined> {
  return new Promise((resolve) => {
    const child = isQuiet
      ? spawn(command, args, { stdio: ["ignore", "pipe", "pipe"], env: { ...process.env, NO_COLOR: "1" } })
      : spawn(command, args, { stdio: "inherit" });
    const output: Buffer[] = [];
    child.stdout?.on("data", (chunk: Buffer) => output.push(chunk));
    child.stderr?.on("data", (chunk: Buffer) => output.push(chunk));
    child.once("error", (error) => output.push(Buffer.from(`${command}: ${error.message} (run this through npm)\n`)));
    child.once("close", (code) => {
      if (code !== 0) process.stdout.write(`--- ${name}\n${Buffer.concat(output).toString()}`);
      resolve(code === 0 ? undefined : name);
    });
  });
}
