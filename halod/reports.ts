/** What members tell HaloD of how busy they are, and what HaloD makes of it. */
import { z } from "zod";

const count = z.number().int().min(0);

/** Whether the sessions of a bridge would live on with nothing lost if it died. */
export const protectionShape = z.object({
  isProtected: z.boolean(),
  /** Why not, for people; empty where it is. */
  reason: z.string().max(500),
  /** Of the table by which it was found out. */
  epoch: count,
});

export type Protection = Readonly<z.infer<typeof protectionShape>>;

export const reportShape = z.object({
  type: z.literal("report"),
  /** On the member's own clock, which only grows. */
  atMs: z.number(),
  /** Of browsers, open now: a dispatcher's own; a bridge's, those that it has numbers for. */
  connections: count,
  sessions: count,
  /** Messages of networks since the start of the process. */
  heard: count,
  /** Messages to sessions since then. */
  delivered: count,
  /** The share of the time since the last report in which the process had something to do: 0 to 1. */
  busy: z.number().min(0).max(1),
  /** A bridge's that owns routes. */
  protection: protectionShape.nullable().optional(),
});

/** One member, at one moment. */
export type Report = Readonly<z.infer<typeof reportShape>>;

/** What of it is shown. */
export type Counts = Omit<Report, "busy" | "protection">;

/** What a member reports of itself. */
export type MemberNumbers = Omit<Report, "type" | "atMs">;

/** How busy a member is. */
export interface Figures {
  readonly connections: number;
  readonly sessions: number;
  /** Messages of networks, a second, to one decimal. */
  readonly heard: number;
  /** Messages to sessions, likewise. */
  readonly delivered: number;
}

/** The figures of one member, from its reports one after the other. */
export class Meter {
  #last: Counts | null = null;
  #figures: Figures | null = null;

  /** Null before the first report. */
  get figures(): Figures | null {
    return this.#figures;
  }

  take(report: Counts): void {
    const last = this.#last;
    const seconds = last ? (report.atMs - last.atMs) / 1_000 : 0;
    this.#last = report;
    const { connections, sessions } = report;
    // One that came late is followed by one that comes soon: there is nothing to tell of no time.
    const rate = (key: "heard" | "delivered") =>
      last && seconds > 0 ? tenths(Math.max(0, report[key] - last[key]) / seconds) : (this.#figures?.[key] ?? 0);
    this.#figures = { connections, sessions, heard: rate("heard"), delivered: rate("delivered") };
  }
}

function tenths(value: number): number {
  return Math.round(value * 10) / 10;
}
