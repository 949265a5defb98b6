import { randomBytes, randomUUID } from "node:crypto";
import { pino } from "pino";
import { askStatus, statusText } from "../../halod/index.ts";
import { FaultCounter, linkSchema } from "../../link/index.ts";

const LOOK_MS = 50;
const ANSWER_MS = 5_000;

/**
 * Waits until `tailspin status` has no line that says "unprotected".
 *
 * @param address host:port of HaloD
 * @returns the lines that still do when the time is over, or as soon as nothing but another bridge could help
 */
export async function untilProtected(address: string, withinMs: number): Promise<readonly string[]> {
  const log = pino({ level: "silent" });
  const faults = new FaultCounter(log, Date.now);
  const config = linkSchema.parse({});
  const own = { routes: 1_024, secret: "", log, faults, config, randomBytes, random: Math.random };
  const endMs = performance.now() + withinMs;
  for (;;) {
    const status = await askStatus({ ...own, address, instance: randomUUID(), timeoutMs: ANSWER_MS });
    const lines = statusText(status, Date.now()).split("\n");
    const unprotected = lines.filter((line) => /\bunprotected\b/.test(line)).map((line) => line.trim());
    const isAlone = status.nodes.length === 1;
    if (unprotected.length === 0 || isAlone || performance.now() > endMs) return unprotected;
    await new Promise((resolve) => setTimeout(resolve, LOOK_MS));
  }
}
