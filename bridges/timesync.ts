/** What cometd.js's `timesync` extension is answered with. */
export interface Timesync {
  /** Its own time, as it said it; milliseconds since 1970. */
  readonly tc: number;
  /** Our time. */
  readonly ts: number;
  /** Milliseconds for which we kept the request. */
  readonly p: number;
  /** Milliseconds by which its estimate of our time is off. */
  readonly a: number;
}

/**
 * Answers `ext.timesync: {tc, l, o}` of a handshake or a connect that is answered at once. A held connect goes without: its
 * reply is written before anybody knows how long it will be held.
 *
 * @returns undefined where it was not asked for, or not with numbers
 */
export function timesyncReply(ext: Readonly<Record<string, unknown>>, nowMs: number): Timesync | undefined {
  const asked = ext["timesync"];
  if (typeof asked !== "object" || asked === null) return undefined;
  const { tc, l, o } = { tc: undefined, l: 0, o: 0, ...asked };
  if (!isNumber(tc) || !isNumber(l) || !isNumber(o)) return undefined;
  const ts = Math.round(nowMs);
  return { tc, ts, p: 0, a: tc + o + l - ts };
}

function isNumber(value: unknown): value is number {
  return typeof value === "number" && Number.isFinite(value);
}
