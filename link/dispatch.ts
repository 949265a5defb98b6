import { z } from "zod";

/** A message for named users, as it is in the payload of a `dispatch`. */
export interface Dispatch {
  /** Of the message; the same at all bridges. */
  readonly id: string;
  /** Each user once, with a route of the bridge that is asked. */
  readonly recipients: readonly (readonly [user: string, route: number])[];
  /** Any JSON value. */
  readonly data: unknown;
}

/**
 * What became of one recipient. Unreachable: known, but none of its sessions listens; refused: the route is not the
 * bridge's own, nothing was done, and another bridge may know more.
 */
export const OUTCOMES = ["delivered", "unreachable", "unknown", "refused"] as const;
export type Outcome = (typeof OUTCOMES)[number];

const dispatchShape = z.object({
  id: z.string().min(1).max(64),
  recipients: z.array(z.tuple([z.string(), z.number().int().min(1)])),
  data: z.unknown(),
});
const outcomesShape = z.array(z.enum(OUTCOMES));

/** @returns the payload of a `dispatch` */
export function dispatchPayload({ id, recipients, data }: Dispatch): Buffer {
  return Buffer.from(JSON.stringify({ id, recipients, data }));
}

/** @returns null for what no dispatcher of ours sends */
export function readDispatch(payload: Buffer): Dispatch | null {
  const result = dispatchShape.safeParse(parse(payload.toString()));
  return result.success ? result.data : null;
}

/** @returns the payload of the answer to a `dispatch`: one word for each recipient, in their order */
export function outcomesPayload(outcomes: readonly Outcome[]): Buffer {
  return Buffer.from(JSON.stringify(outcomes).slice(1, -1));
}

/** @returns null for what no bridge of ours answers to so many recipients */
export function readOutcomes(payload: Buffer, recipients: number): readonly Outcome[] | null {
  const result = outcomesShape.safeParse(parse(`[${payload.toString()}]`));
  return result.success && result.data.length === recipients ? result.data : null;
}

function parse(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}
