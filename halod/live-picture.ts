/**
 * The stack as it is now, for people to look at: who owns which route, how busy everybody is, and what happened last.
 *
 * However large the stack is, it stays a few kilobytes. It names bridges and dispatchers by their numbers only: nobody
 * learns from it where they are.
 */
import { z } from "zod";
import { runsOf } from "./growth.ts";
import type { Figures } from "./reports.ts";

/** More than a picture can show: beyond it, one route stands for several. */
const MAX_RUNS = 1_024;
/** The others are summed up. */
const MAX_LISTED = 64;
export const MAX_EVENTS = 20;
const MAX_TEXT = 300;

const count = z.number().int().min(0);
const perSecond = z.number().min(0);
const number = z.number().int().min(1);
const time = z.number();

const eventShape = z.object({
  timeMs: time,
  /** Of the table that came of it. */
  epoch: count,
  /** How many routes have another owner since. */
  moved: count,
  /** For people. */
  text: z.string().max(MAX_TEXT),
});

export const livePictureShape = z.object({
  /** Of the table; 0 before the first one. Times are milliseconds since 1970. */
  epoch: count,
  changedMs: time,
  routes: number,
  /** The owners from the first route on, as `[node, how often, node, how often, …]`; 0 is nobody. */
  owners: z.array(count).max(2 * MAX_RUNS),
  /** Each of them stands for so many routes; the last one for what is left. */
  step: number,
  /** In the order of their numbers. What is not known is null. */
  bridges: z
    .array(
      z.object({
        node: number,
        state: z.enum(["active", "spare", "lost"]),
        routes: count,
        sessions: count.nullable(),
        /** Messages of networks, a second. */
        heard: perSecond.nullable(),
        /** Messages to sessions, a second. */
        delivered: perSecond.nullable(),
      }),
    )
    .max(MAX_LISTED),
  /** The bridges beyond those, together. */
  more: z
    .object({ bridges: number, routes: count, sessions: count, heard: perSecond, delivered: perSecond })
    .nullable(),
  dispatchers: z.array(z.object({ number, connections: count.nullable() })).max(MAX_LISTED),
  moreDispatchers: z.object({ dispatchers: number, connections: count }).nullable(),
  /** The newest last. */
  events: z.array(eventShape).max(MAX_EVENTS),
});

/** See the top of the file. */
export type LivePicture = Readonly<z.infer<typeof livePictureShape>>;

/** A line of what happened last. */
export type PictureEvent = Readonly<z.infer<typeof eventShape>>;

/** What a picture is made of. */
export interface Seen {
  readonly epoch: number;
  readonly changedMs: number;
  /** `owners[0]` is route 1. */
  readonly owners: readonly number[];
  readonly bridges: readonly {
    readonly node: number;
    readonly state: "active" | "spare" | "lost";
    readonly routes: number;
    /** Null where they are not known. */
    readonly figures: Figures | null;
  }[];
  readonly dispatchers: readonly { readonly number: number; readonly connections: number | null }[];
  readonly events: readonly PictureEvent[];
}

/** Draws a picture, within its bounds. */
export function drawLive({ epoch, changedMs, owners, bridges, dispatchers, events }: Seen): LivePicture {
  const sorted = bridges.toSorted((a, b) => a.node - b.node);
  const rest = sorted.slice(MAX_LISTED);
  const others = dispatchers.slice(MAX_LISTED);
  return {
    epoch,
    changedMs,
    routes: owners.length,
    ...runs(owners),
    bridges: sorted.slice(0, MAX_LISTED).map(({ node, state, routes, figures }) => {
      const { sessions = null, heard = null, delivered = null } = figures ?? {};
      return { node, state, routes, sessions, heard, delivered };
    }),
    more:
      rest.length === 0
        ? null
        : {
            bridges: rest.length,
            routes: sum(rest, ({ routes }) => routes),
            sessions: sum(rest, ({ figures }) => figures?.sessions ?? 0),
            heard: tenths(sum(rest, ({ figures }) => figures?.heard ?? 0)),
            delivered: tenths(sum(rest, ({ figures }) => figures?.delivered ?? 0)),
          },
    dispatchers: dispatchers.slice(0, MAX_LISTED),
    moreDispatchers:
      others.length === 0
        ? null
        : { dispatchers: others.length, connections: sum(others, ({ connections }) => connections ?? 0) },
    events: events.slice(-MAX_EVENTS),
  };
}

/** How many routes each node owns. */
export function routeCounts(owners: readonly number[]): Map<number, number> {
  const counts = new Map<number, number>();
  for (const owner of owners) counts.set(owner, (counts.get(owner) ?? 0) + 1);
  return counts;
}

function runs(owners: readonly number[]): { owners: number[]; step: number } {
  const whole = runsOf(owners);
  const step = whole.length > MAX_RUNS ? Math.ceil(owners.length / MAX_RUNS) : 1;
  const shown = step === 1 ? whole : runsOf(owners.filter((_, index) => index % step === 0));
  return { owners: shown.flatMap(({ owner, first, last }) => [owner, last - first + 1]), step };
}

function sum<T>(all: readonly T[], of: (one: T) => number): number {
  return all.reduce((total, one) => total + of(one), 0);
}

function tenths(value: number): number {
  return Math.round(value * 10) / 10;
}
