/**
 * Lets processes die, stop and come back under a stack of real ones, and holds what several hundred sessions saw against what
 * is promised: `npm run chaos`, with `-- --quick` for a minute's worth, `--only kill-bridge,join-2` for some faults, `--seed 7` for
 * the same choices again. It ends with 1 where something did not hold that is expected to.
 */
import { once } from "node:events";
import { writeFile } from "node:fs/promises";
import { fixEngine, requestedEngine } from "../support/engine.ts";
import { lookFor } from "../support/executables.ts";
import { IMAGES } from "../support/images.ts";
import { setup } from "../support/prepare.ts";
import { stopOnSignal } from "../support/stop-on-signal.ts";
import { ChaosStack } from "./chaos-stack.ts";
import type { Fault } from "./faults/index.ts";
import { type ChaosFlags, readFlags } from "./flags.ts";
import { measureHeartbeats } from "./heartbeats.ts";
import { headLine, judge, LEGEND } from "./report.ts";
import { bayeuxChannels, Traffic } from "./traffic.ts";
import { inflict, type Run } from "./window.ts";

const CHANNELS = {
  irc: Array.from({ length: 16 }, (_, index) => `chaos${index + 1}`),
  xmpp: Array.from({ length: 4 }, (_, index) => `chaos${index + 1}`),
};
/** Eighty messages a second of people on the networks, and twenty of browsers. */
const RATES = { sayEveryMs: 12.5, publishEveryMs: 1_000 };
const STOCK = 8;

const say = (line: string): boolean => process.stdout.write(`${line}\n`);
const started = performance.now();
// Whatever was being started when it was interrupted ends with this process.
process.exit(await main());

async function main(): Promise<number> {
  const flags = flagsOrNull();
  if (flags === null) return 2;
  const interrupted = stopOnSignal();
  let bad: readonly string[];
  try {
    await prepareServers();
    bad = flags.faults.length === 0 ? [] : await runFaults(flags, interrupted);
    if (flags.hasHeartbeats) for (const line of await measureHeartbeats(interrupted)) say(line);
  } catch (error) {
    say(`chaos: FAILED: ${wordsOf(error)}`);
    return interrupted.aborted ? 130 : 1;
  }
  const took = ((performance.now() - started) / 1_000).toFixed(0);
  const again = `npm run chaos -- --seed ${flags.seed} --sessions ${flags.sessions}`;
  if (bad.length === 0) say(`chaos: passed, ${flags.faults.length} faults in ${took} s; again with ${again}`);
  else say(`chaos: FAILED in ${took} s; again with ${again} --only ${bad.join(",")}`);
  return bad.length === 0 ? 0 : 1;
}

/** One after the other, on one stack. @returns the names of those that were not as expected, or for which there was no time */
async function runFaults(flags: ChaosFlags, signal: AbortSignal): Promise<readonly string[]> {
  const { seed, sessions, isSpoiled, faults, seconds, save } = flags;
  await using resources = new AsyncDisposableStack();
  const stack = resources.use(await ChaosStack.start());
  const traffic = resources.use(await Traffic.start(CHANNELS, stack.ircd, stack.prosody));
  const channels = bayeuxChannels(CHANNELS);
  say(`chaos: seed ${seed}, ${sessions} sessions in ${channels.length} channels\n\n${headLine()}`);
  const run: Run = { seed, stack, traffic, channels, sessions, isSpoiled, stock: STOCK, ...RATES, signal };
  const [failed, left]: [string[], string[]] = [[], []];
  for (const fault of faults) {
    if (performance.now() - started > seconds * 1_000) left.push(fault.name);
    else if (!(await isAsExpected(run, fault, save))) failed.push(fault.name);
  }
  say(["", ...LEGEND, ""].join("\n"));
  if (left.length > 0) say(`no time was left for ${left.join(", ")}: --seconds was ${seconds}`);
  return [...failed, ...left];
}

/** Lets a fault happen, and tells what came of it. @throws Error where the run is to end */
async function isAsExpected(run: Run, fault: Fault, save: string | undefined): Promise<boolean> {
  const { signal } = run;
  signal.throwIfAborted();
  const interrupted = once(signal, "abort").then(() => signal.throwIfAborted());
  try {
    const outcome = await Promise.race([inflict(run, fault), interrupted]);
    if (!outcome) return false;
    const { line, details, isAsExpected: isGood } = judge(outcome.result);
    say([line, ...details.map((detail) => `    ${detail}`)].join("\n"));
    if (save !== undefined) {
      await writeFile(`${save}/${fault.name}.json`, JSON.stringify(outcome.history, setsAsLists));
      await writeFile(`${save}/${fault.name}.log`, run.stack.takeLogs().join("\n"));
    }
    return isGood;
  } catch (error) {
    signal.throwIfAborted();
    run.traffic.end();
    say(`${fault.name}\n    BROKE OFF: ${wordsOf(error)}`);
    return false;
  }
}

function wordsOf(error: unknown): string {
  return error instanceof Error ? (error.stack ?? error.message) : String(error);
}

function setsAsLists(_: string, value: unknown): unknown {
  return value instanceof Set ? [...value] : value;
}

/** @returns null, after saying why, where they are wrong */
function flagsOrNull(): ChaosFlags | null {
  try {
    return readFlags(process.argv.slice(2));
  } catch (error) {
    process.stderr.write(`chaos: ${error instanceof Error ? error.message : String(error)}\n`);
    return null;
  }
}

async function prepareServers(): Promise<void> {
  const { ngircd, prosody } = IMAGES;
  const hasPackages = [ngircd, prosody].every(({ missingPackages }) => missingPackages().length === 0);
  const hasPrograms = ["haproxy", "openssl"].every((program) => lookFor(program) !== undefined);
  if (requestedEngine() === undefined && hasPackages && hasPrograms) fixEngine("processes");
  else await setup();
}
