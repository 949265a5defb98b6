/** How busy a bridge is: what it tells HaloD every second, for the autoscaler. */
import { z } from "zod";
import type { Link } from "../link/index.ts";

export const loadShape = z.object({
  type: z.literal("load"),
  sessions: z.number().int().min(0),
  /** The share of the time in which the process had something to do: 0 to 1. */
  busy: z.number().min(0).max(1),
});

/** What a bridge says of its load. */
export type Load = Omit<z.infer<typeof loadShape>, "type">;

/** A load is told so often. */
export const LOAD_INTERVAL_MS = 1_000;

/** Tells HaloD a bridge's load for as long as there is a link. */
export class LoadReports {
  readonly #read: () => Load;
  #timer: NodeJS.Timeout | null = null;

  constructor(read: () => Load) {
    this.#read = read;
  }

  /** A link is up; an earlier one is forgotten. */
  start(link: Link): void {
    this.stop();
    this.#timer = setInterval(() => {
      // The next one is as good.
      if (link.isFull) return;
      link.send({ type: "control", payload: Buffer.from(JSON.stringify({ type: "load", ...this.#read() })) });
    }, LOAD_INTERVAL_MS).unref();
  }

  /** Safe to call again. */
  stop(): void {
    if (this.#timer) clearInterval(this.#timer);
    this.#timer = null;
  }
}
