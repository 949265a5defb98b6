import { execFileSync } from "node:child_process";
import { readdirSync, readFileSync } from "node:fs";

/** The processes that are measured, by the name of their tier. */
export type Tiers = Readonly<Record<string, number>>;

/** CPU by tier, in milliseconds. */
export type CpuMs = Readonly<Record<string, number>>;

const MS_PER_TICK = 1_000 / Number(execFileSync("getconf", ["CLK_TCK"], { encoding: "utf8" }));
/** Of `/proc/<pid>/stat`, counted from behind the name: utime, stime, and the same of children that have ended. */
const TIMES = [11, 12, 13, 14] as const;
const PARENT = 1;

/**
 * CPU that a process and its ended children have used so far, in user mode and in the kernel.
 *
 * @see proc(5), /proc/pid/stat
 */
function cpuMs(pid: number): number {
  const fields = afterName(readFileSync(`/proc/${pid}/stat`, "utf8"));
  return TIMES.reduce((sum, index) => sum + Number(fields[index]), 0) * MS_PER_TICK;
}

/** Measures what each tier uses while something is done. */
export async function measureCpu<T>(
  tiers: Tiers,
  work: () => Promise<T>,
): Promise<{ readonly cpu: CpuMs; readonly result: T }> {
  const before = Object.entries(tiers).map(([tier, pid]) => ({ tier, pid, startMs: cpuMs(pid) }));
  const result = await work();
  const cpu = Object.fromEntries(before.map(({ tier, pid, startMs }) => [tier, cpuMs(pid) - startMs]));
  return { cpu, result };
}

/** What all tiers used together. */
export function totalMs(cpu: CpuMs): number {
  return Object.values(cpu).reduce((sum, ms) => sum + ms, 0);
}

/** A process, as far as it is needed to tell it from others. */
export interface FoundProcess {
  readonly pid: number;
  readonly parent: number;
}

/** The processes of a program, as far as this machine shows them: those in containers of a local engine as well. */
export function processesOf(name: string): FoundProcess[] {
  return readdirSync("/proc")
    .filter((entry) => /^\d+$/.test(entry))
    .flatMap((entry) => lookAt(Number(entry), name) ?? []);
}

function lookAt(pid: number, name: string): FoundProcess | undefined {
  try {
    const stat = readFileSync(`/proc/${pid}/stat`, "utf8");
    if (!stat.includes(`(${name})`)) return undefined;
    return { pid, parent: Number(afterName(stat)[PARENT]) };
  } catch {
    return undefined; // It has ended since the folder was read.
  }
}

function afterName(stat: string): string[] {
  return stat.slice(stat.lastIndexOf(")") + 2).split(" ");
}
