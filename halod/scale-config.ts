import { z } from "zod";

const whole = z.number().int();
const milliseconds = whole.min(1).max(86_400_000);
const share = z.number().min(0.01).max(1);
const command = z.array(z.string().min(1)).max(64);

/** The settings of the autoscaler. */
export const scaleSchema = z.strictObject({
  start: command
    .default([])
    .describe(
      "program, with its arguments, that starts bridges when there are too few; unset: their number is nobody's business here",
    ),
  stop: command
    .default([])
    .describe("program, with its arguments, that stops a bridge when there are too many; unset: none is stopped"),
  min: whole.min(1).default(1).describe("bridges that are active at least"),
  max: whole.min(1).default(8).describe("bridges that are active at most"),
  growAbove: share.default(0.75).describe("share of what the bridges can bear above which more are started"),
  aim: share
    .default(0.5)
    .describe("share that is aimed at when bridges are started, and that the others may reach when one is stopped"),
  shrinkBelow: share.default(0.35).describe("share below which a bridge is stopped, one after the other"),
  sessionsPerBridge: whole
    .min(1)
    .default(100_000)
    .describe("sessions that a bridge can bear; what it can bear otherwise is its time"),
  windowMs: milliseconds
    .max(3_600_000)
    .default(30_000)
    .describe("milliseconds over which the load is smoothed: its median counts"),
  growAfterMs: milliseconds
    .default(20_000)
    .describe("milliseconds that the load has to be above before more are started"),
  shrinkAfterMs: milliseconds
    .default(600_000)
    .describe("milliseconds that the load has to be below before a bridge is stopped"),
  coolDownMs: milliseconds
    .default(30_000)
    .describe("milliseconds after bridges came or went in which the load is not looked at: sessions move then"),
  maxStep: whole.min(1).max(64).default(4).describe("bridges that are started at once at most"),
  commandTimeoutMs: milliseconds
    .default(60_000)
    .describe("milliseconds after which a command is ended, as one that failed"),
  actTimeoutMs: milliseconds
    .default(180_000)
    .describe("milliseconds within which what was started has to register, and what was stopped has to leave"),
  retryAfterMs: milliseconds
    .default(60_000)
    .describe(
      "milliseconds in which nothing is tried after a failure; twice as long after each further one, up to an hour",
    ),
});

/** The settings of the autoscaler, complete. */
export type ScaleConfig = Readonly<z.infer<typeof scaleSchema>>;

/** What is wrong between keys. @param room how many bridges there may be, without the spares */
export function scaleFaults(config: ScaleConfig, room: number): { path: string[]; message: string }[] {
  const { start, stop, min, max, growAbove, aim, shrinkBelow } = config;
  const faults: { path: string[]; message: string }[] = [];
  const refuse = (key: keyof ScaleConfig, message: string) => faults.push({ path: [key], message });
  if (start.length === 0 && stop.length > 0)
    refuse("stop", "needs halod.autoscale.start too: who cannot start a bridge again stops none");
  if (min > max) refuse("min", `must be at most halod.autoscale.max, which is ${max}`);
  if (start.length > 0 && max > room)
    refuse(
      "max",
      `must be at most ${room}: as many as there are routes, and as halod.maxBridges lets in with the spares`,
    );
  if (aim >= growAbove) refuse("aim", `must be below halod.autoscale.growAbove, which is ${growAbove}`);
  if (shrinkBelow >= aim) refuse("shrinkBelow", `must be below halod.autoscale.aim, which is ${aim}`);
  return faults;
}
