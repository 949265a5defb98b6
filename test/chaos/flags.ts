import { parseArgs } from "node:util";
import { type Fault, FAULTS, QUICK } from "./faults/index.ts";

/** Beside the faults: what HaloD costs, which needs another stack. */
const HEARTBEATS = "heartbeats";
/** Bounds for a slow machine: it takes three minutes, or one. */
const FULL_SECONDS = 540;
const QUICK_SECONDS = 180;

/** What is asked for. */
export interface ChaosFlags {
  readonly seed: string;
  readonly faults: readonly Fault[];
  readonly hasHeartbeats: boolean;
  readonly sessions: number;
  /** One session loses messages by itself: the run has to fail. */
  readonly isSpoiled: boolean;
  /** After so long no other fault is begun. */
  readonly seconds: number;
  /** A folder for what was written down of each fault. */
  readonly save?: string;
}

/** @throws Error that names what is wrong and what there is */
export function readFlags(args: readonly string[]): ChaosFlags {
  const { values } = parseArgs({
    args: [...args],
    options: {
      seed: { type: "string", default: "1" },
      only: { type: "string" },
      quick: { type: "boolean", default: false },
      sessions: { type: "string", default: "200" },
      seconds: { type: "string" },
      save: { type: "string" },
      spoil: { type: "boolean", default: false },
    },
  });
  const all = [...FAULTS.map(({ name }) => name), HEARTBEATS];
  const chosen = values.quick ? all.filter((name) => QUICK.has(name)) : all;
  const names = values.only?.split(",") ?? chosen;
  const unknown = names.find((name) => !all.includes(name));
  if (unknown !== undefined) throw new Error(`--only has ${unknown}; there are ${all.join(", ")}`);
  return {
    seed: values.seed,
    faults: FAULTS.filter(({ name }) => names.includes(name)),
    hasHeartbeats: names.includes(HEARTBEATS),
    sessions: countOf("sessions", values.sessions),
    isSpoiled: values.spoil,
    seconds: countOf("seconds", values.seconds ?? String(values.quick ? QUICK_SECONDS : FULL_SECONDS)),
    ...(values.save === undefined ? {} : { save: values.save }),
  };
}

function countOf(name: string, text: string): number {
  const count = Number(text);
  if (!Number.isSafeInteger(count) || count < 1) throw new Error(`--${name} is a whole number from 1, not ${text}`);
  return count;
}
