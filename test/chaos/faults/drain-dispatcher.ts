import { DRAIN_PER_SECOND } from "../chaos-stack.ts";
import type { ChaosHistory, SessionEvent } from "../history.ts";
import type { Fault } from "./fault.ts";

const SECOND_MS = 1_000;
/** Clients that look this seldom cannot tell a pace. */
const TOO_LATE_MS = 500;

/** A dispatcher to which everybody is connected stops: it closes its sockets at a rate, which the other one can take. */
export const drainDispatcher: Fault = {
  name: "drain-dispatcher",
  before: { active: 2, spares: 0 },
  socketsOnly: true,
  inflict: async ({ stack }) => {
    await stack.dispatcher(0).stop();
    await stack.startDispatcher(0);
    return { changes: [] };
  },
  judge: (history) => {
    const [closed, opened] = [timesOf(history, "closed"), timesOf(history, "opened")];
    const spanMs = (opened.at(-1) ?? 0) - (closed[0] ?? 0);
    const [peakClosed, peakOpened] = [mostWithin(SECOND_MS, closed), mostWithin(SECOND_MS, opened)];
    const { lateMs } = history;
    const note =
      `${closed.length} sockets closed, ${opened.length} opened elsewhere in ${(spanMs / SECOND_MS).toFixed(1)} s; ` +
      `in the busiest second ${peakClosed} and ${peakOpened}, with ${DRAIN_PER_SECOND} a second set; ` +
      `clients noticed it ${lateMs.toFixed(0)} ms late at most`;
    if (lateMs > TOO_LATE_MS) return { note };
    // What was noticed within so much less than a second was done within one.
    const peak = mostWithin(SECOND_MS - lateMs, closed);
    return { isPaced: opened.length > 0 && closed.length > 0 && peak <= DRAIN_PER_SECOND, note };
  },
};

function timesOf({ sessions }: ChaosHistory, type: SessionEvent["type"]): number[] {
  const events = sessions.flatMap((session) => session.events).filter((event) => event.type === type);
  return events.map(({ atMs }) => atMs).sort((a, b) => a - b);
}

/** @param times in ascending order @returns how many there are within any time of this length, at most */
function mostWithin(spanMs: number, times: readonly number[]): number {
  let first = 0;
  let most = 0;
  for (const [index, time] of times.entries()) {
    while (time - (times[first] ?? time) >= spanMs) first++;
    most = Math.max(most, index - first + 1);
  }
  return most;
}
