/**
 * Measures the whole stack, tier by tier, against its targets: `npm run bench`, or `npm run bench -- --quick --json`.
 * A missed target is told, and is no failure, since machines are shared; a lost message is one.
 */
import { parseArgs } from "node:util";
import { stopOnSignal } from "../support/stop-on-signal.ts";
import type { Plan } from "./plan.ts";
import { describeMachine, isMet, toJson, toTable, type Findings } from "./report.ts";
import { halod } from "./scenarios/halod.ts";
import { linkCodec } from "./scenarios/link-codec.ts";
import { longPolling } from "./scenarios/long-polling.ts";
import { networks } from "./scenarios/networks.ts";
import { recipients } from "./scenarios/recipients.ts";
import { sessions } from "./scenarios/sessions.ts";
import { slowReaders } from "./scenarios/slow-readers.ts";
import { webSocket } from "./scenarios/web-socket.ts";
import { prepareServers } from "./stack.ts";

const SCENARIOS = {
  "link-codec": linkCodec,
  "web-socket": webSocket,
  "long-polling": longPolling,
  recipients,
  sessions,
  "slow-readers": slowReaders,
  networks,
  halod,
} as const satisfies Record<string, (plan: Plan) => Promise<Findings>>;

/** Not part of `--quick`, unless asked for by name: what they find takes its time. */
const LONG: ReadonlySet<string> = new Set(["slow-readers", "networks", "halod"]);
const FULL = { rounds: 3, warmUpMs: 2_000, runMs: 4_000, sessions: 2_000 } as const;
const QUICK = { rounds: 1, warmUpMs: 1_000, runMs: 2_000, sessions: 1_000 } as const;

process.exitCode = await main();

async function main(): Promise<number> {
  const values = readFlags();
  if (values === null) return 2;
  const interrupted = stopOnSignal();
  const started = performance.now();
  const plan: Plan = {
    ...(values.quick ? QUICK : FULL),
    isQuick: values.quick,
    signal: interrupted,
    say: (line) => process.stderr.write(`${line}\n`),
  };
  const { only } = values;
  const chosen = Object.entries(SCENARIOS).filter(([name]) =>
    only === undefined ? !(values.quick && LONG.has(name)) : name === only,
  );
  const found: Findings[] = [];
  try {
    await prepareServers();
    for (const [, scenario] of chosen) {
      interrupted.throwIfAborted();
      found.push(await scenario(plan));
    }
  } catch (error) {
    plan.say(`bench: FAILED: ${error instanceof Error ? error.message : String(error)}`);
    return interrupted.aborted ? 130 : 1;
  }
  const all: Findings = {
    ratios: found.flatMap(({ ratios }) => ratios),
    figures: found.flatMap(({ figures }) => figures),
  };
  const met = all.ratios.filter(isMet).length;
  const seconds = ((performance.now() - started) / 1_000).toFixed(0);
  const result = `bench: nothing lost, ${met} of ${all.ratios.length} targets met, in ${seconds} s`;
  if (values.json) {
    plan.say(`${describeMachine()}\n\n${toTable(all)}\n\n${result}`);
    process.stdout.write(`${toJson(all.ratios)}\n`);
  } else {
    process.stdout.write(`${describeMachine()}\n\n${toTable(all)}\n\n${result}\n`);
  }
  return 0;
}

/** @returns null, after saying why, when they are wrong */
function readFlags() {
  try {
    const { values } = parseArgs({
      options: {
        quick: { type: "boolean", default: false },
        json: { type: "boolean", default: false },
        only: { type: "string" },
      },
    });
    if (values.only === undefined || Object.hasOwn(SCENARIOS, values.only)) return values;
    process.stderr.write(`bench: --only takes one of ${Object.keys(SCENARIOS).join(", ")}\n`);
  } catch (error) {
    process.stderr.write(`bench: ${error instanceof Error ? error.message : String(error)}\n`);
  }
  return null;
}
