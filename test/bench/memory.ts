import { readFileSync } from "node:fs";

/**
 * The most memory that a process ever had at once, in MiB.
 *
 * @see proc(5), /proc/pid/status, VmHWM
 */
export function peakMib(pid: number): number {
  const kib = /^VmHWM:\s*(\d+) kB$/m.exec(readFileSync(`/proc/${pid}/status`, "utf8"))?.[1];
  if (kib === undefined) throw new Error(`the memory of process ${pid} cannot be told`);
  return Number(kib) / 1_024;
}
