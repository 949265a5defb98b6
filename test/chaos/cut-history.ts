import type { Cut } from "../support/cutting-proxy.ts";

/** A numbered message that a client got. */
export interface Heard {
  readonly number: number;
  readonly atMs: number;
}

/** All that is known of one client when a run is over: messages from 1 to `said` were for it. */
export interface CutHistory {
  readonly said: number;
  readonly heard: readonly Heard[];
  /** With the ack extension. */
  readonly isAck: boolean;
  /** Of its own connections. */
  readonly cuts: readonly Pick<Cut, "startMs" | "endMs">[];
}

/** What a history shows. */
export interface Verdict {
  /** What may not be. */
  readonly faults: readonly string[];
  /** Messages that were on a connection when it broke, and did not come. */
  readonly lost: number;
}

/** A server in a process of its own hears of a cut this much later, at most, and writes meanwhile to nobody. */
const NOTICE_MS = 250;
/** A history that is all wrong is told by its beginning. */
const MAX_FAULTS = 5;

/**
 * Holds a history against what is promised: with the ack extension every message once and in order; without it none
 * twice, none out of order, and none missing but where a connection broke.
 */
export function judge({ said, heard, isAck, cuts }: CutHistory): Verdict {
  const faults: string[] = [];
  let lost = 0;
  let last: Heard = { number: 0, atMs: -Infinity };
  const seen = new Set<number>();
  const end: Heard = { number: said + 1, atMs: Infinity };
  for (const one of [...heard, end]) {
    const { number } = one;
    if (number > said && one !== end) faults.push(`${number} was never said`);
    else if (seen.has(number)) faults.push(`${number} came twice`);
    else if (number < last.number) faults.push(`${number} came after ${last.number}`);
    else if (number > last.number + 1) {
      const [from, to] = [last.number + 1, number - 1];
      const missing = to - from + 1;
      const noticedMs = noticedBefore(one.atMs, cuts);
      if (isAck) faults.push(`${from} to ${to} did not come`);
      else if (noticedMs < last.atMs) {
        const sinceMs = Math.round(last.atMs - noticedMs);
        faults.push(
          `${from} to ${to} did not come, and no connection was cut: ${sinceMs} ms too late for the last one`,
        );
      }
      lost += missing;
    }
    seen.add(number);
    if (number > last.number) last = one;
    else last = { number: last.number, atMs: one.atMs };
  }
  return { faults: faults.slice(0, MAX_FAULTS), lost };
}

/** Until when a cut that began before this time may have cost messages. */
function noticedBefore(atMs: number, cuts: CutHistory["cuts"]): number {
  const earlier = cuts.filter(({ startMs }) => startMs <= atMs);
  return earlier.reduce((latest, { endMs }) => Math.max(latest, endMs + NOTICE_MS), -Infinity);
}
