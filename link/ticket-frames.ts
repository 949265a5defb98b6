/**
 * What is in the frames by which sessions survive their bridge. `README.md` has the wire document; all numbers of
 * messages (`seq`) are those of one bridge instance's log.
 */
import { z } from "zod";

/** How far a session is: what of its channels it has been sent. */
export interface Reached {
  /** Number of the newest batch that was sent to it; 0 without the ack extension. */
  readonly batch: number;
  /** Everything up to here was sent before that batch, or in no batch. */
  readonly before: number;
  /** Everything up to here was sent with it. */
  readonly after: number;
}

/** Bridge → dispatcher: what a session can be rebuilt from. */
export interface TicketNote extends Reached {
  readonly clientId: string;
  /** Grows with every change of `ticket`, also from owner to owner. */
  readonly version: number;
  /** Milliseconds for which it is of use after the session was last heard of here. */
  readonly keepMs: number;
  /** Opaque to all but bridges. */
  readonly ticket: string;
}

/** Bridge → dispatcher: tickets, and sessions that have ended. */
export interface TicketsContent {
  readonly kept: readonly TicketNote[];
  readonly ended: readonly string[];
}

/** Bridge → dispatcher: one message, before it or any later one is delivered. */
export interface SaidNote {
  readonly seq: number;
  readonly channel: string;
  /** Delivery id. */
  readonly id: string;
}

/** Bridge → dispatcher: how far the session of a connection is with what comes next on it. */
export interface ReachedNote extends Reached {
  readonly connection: number;
}

/** Bridge → dispatcher: these routes are ours by the table of this epoch; hand over what there is of their sessions. */
export interface ClaimContent {
  readonly epoch: number;
  /** Numbers from 1, rising. */
  readonly routes: readonly number[];
}

/** A ticket, and whose `seq` its numbers are. */
export interface SurrenderedTicket extends Omit<TicketNote, "keepMs"> {
  /** Of the bridge that gave it. */
  readonly instance: string;
}

/** The newest messages of one channel that one bridge instance has told of, in the order of their `seq`. */
export interface SurrenderedChannel {
  readonly instance: string;
  readonly channel: string;
  readonly seqs: readonly number[];
  readonly ids: readonly string[];
  /** Older ones were told, and forgotten. */
  readonly isCut: boolean;
}

/** Dispatcher → bridge: a part of the answer to a claim. */
export interface SurrenderContent {
  readonly epoch: number;
  readonly tickets: readonly SurrenderedTicket[];
  readonly channels: readonly SurrenderedChannel[];
  readonly isLast: boolean;
}

const REACHED_WORDS = 6;
const SAID_HEAD = 12;
const TWO_32 = 2 ** 32;

const count = z.number().int().min(0).max(Number.MAX_SAFE_INTEGER);
const name = z.string().min(1).max(1_024);
const note = z.tuple([name, count, count, count, count, count, z.string()]);
const ticketsShape = z.object({ kept: z.array(note), ended: z.array(name) });
const range = z.tuple([count.min(1), count.min(1).max(0xffff)]).refine(([from, to]) => from <= to);
const claimShape = z.object({ epoch: count, routes: z.array(range).max(0x1_0000) });
const surrenderShape = z.object({
  epoch: count,
  isLast: z.boolean(),
  tickets: z.array(z.tuple([name, count, name, count, count, count, z.string()])),
  channels: z.array(
    z
      .tuple([name, z.string(), z.array(count), z.array(z.string()), z.boolean()])
      .refine(([, , seqs, ids]) => seqs.length === ids.length),
  ),
});

export function ticketsPayload({ kept, ended }: TicketsContent): Buffer {
  const rows = kept.map(({ clientId, version, batch, before, after, keepMs, ticket }) => {
    return [clientId, version, batch, before, after, keepMs, ticket];
  });
  return Buffer.from(JSON.stringify({ kept: rows, ended }));
}

/** @returns null where it is none */
export function readTickets(payload: Buffer): TicketsContent | null {
  const content = parse(ticketsShape, payload);
  return (
    content && {
      ended: content.ended,
      kept: content.kept.map(([clientId, version, batch, before, after, keepMs, ticket]) => {
        return { clientId, version, batch, before, after, keepMs, ticket };
      }),
    }
  );
}

/** The hot one: once for each message and link. */
export function saidPayload(notes: readonly SaidNote[]): Buffer {
  let bytes = 0;
  // JavaScript's characters take at most three bytes each.
  for (const { channel, id } of notes) bytes += SAID_HEAD + 3 * (channel.length + id.length);
  const payload = Buffer.allocUnsafe(bytes);
  let at = 0;
  for (const { seq, channel, id } of notes) {
    payload.writeUInt32LE(seq % TWO_32, at);
    payload.writeUInt32LE(Math.floor(seq / TWO_32), at + 4);
    const channelBytes = payload.write(channel, at + SAID_HEAD);
    const idBytes = payload.write(id, at + SAID_HEAD + channelBytes);
    payload.writeUInt16LE(channelBytes, at + 8);
    payload.writeUInt16LE(idBytes, at + 10);
    at += SAID_HEAD + channelBytes + idBytes;
  }
  return payload.subarray(0, at);
}

/** @returns null where it is none */
export function readSaid(payload: Buffer): SaidNote[] | null {
  const notes: SaidNote[] = [];
  let at = 0;
  while (at < payload.length) {
    if (payload.length - at < SAID_HEAD) return null;
    const seq = readSeq(payload, at);
    const idAt = at + SAID_HEAD + payload.readUInt16LE(at + 8);
    const end = idAt + payload.readUInt16LE(at + 10);
    if (end > payload.length || seq === null) return null;
    const channel = payload.toString("utf8", at + SAID_HEAD, idAt);
    notes.push({ seq, channel, id: payload.toString("utf8", idAt, end) });
    at = end;
  }
  return notes;
}

export function reachedPayload(notes: readonly ReachedNote[]): Buffer {
  const payload = Buffer.allocUnsafe(notes.length * REACHED_WORDS * 4);
  let at = 0;
  for (const { connection, batch, before, after } of notes) {
    for (const word of [connection, batch, before % TWO_32, Math.floor(before / TWO_32)])
      at = payload.writeUInt32LE(word, at);
    at = payload.writeUInt32LE(after % TWO_32, at);
    at = payload.writeUInt32LE(Math.floor(after / TWO_32), at);
  }
  return payload;
}

/** @returns null where it is none */
export function readReached(payload: Buffer): ReachedNote[] | null {
  if (payload.length % (REACHED_WORDS * 4) !== 0) return null;
  const notes: ReachedNote[] = [];
  for (let at = 0; at < payload.length; at += REACHED_WORDS * 4) {
    const before = readSeq(payload, at + 8);
    const after = readSeq(payload, at + 16);
    if (before === null || after === null) return null;
    notes.push({ connection: payload.readUInt32LE(at), batch: payload.readUInt32LE(at + 4), before, after });
  }
  return notes;
}

export function claimPayload({ epoch, routes }: ClaimContent): Buffer {
  const ranges: [number, number][] = [];
  for (const route of routes) {
    const last = ranges.at(-1);
    if (last && last[1] === route - 1) last[1] = route;
    else ranges.push([route, route]);
  }
  return Buffer.from(JSON.stringify({ epoch, routes: ranges }));
}

/** @returns null where it is none */
export function readClaim(payload: Buffer): ClaimContent | null {
  const content = parse(claimShape, payload);
  if (!content) return null;
  const routes: number[] = [];
  for (const [from, to] of content.routes) {
    if (from <= (routes.at(-1) ?? 0)) return null;
    for (let route = from; route <= to; route++) routes.push(route);
  }
  return { epoch: content.epoch, routes };
}

export function surrenderPayload({ epoch, tickets, channels, isLast }: SurrenderContent): Buffer {
  const rows = tickets.map(({ clientId, version, instance, batch, before, after, ticket }) => {
    return [clientId, version, instance, batch, before, after, ticket];
  });
  const told = channels.map(({ instance, channel, seqs, ids, isCut }) => [instance, channel, seqs, ids, isCut]);
  return Buffer.from(JSON.stringify({ epoch, isLast, tickets: rows, channels: told }));
}

/** @returns null where it is none */
export function readSurrender(payload: Buffer): SurrenderContent | null {
  const content = parse(surrenderShape, payload);
  return (
    content && {
      epoch: content.epoch,
      isLast: content.isLast,
      tickets: content.tickets.map(([clientId, version, instance, batch, before, after, ticket]) => {
        return { clientId, version, instance, batch, before, after, ticket };
      }),
      channels: content.channels.map(([instance, channel, seqs, ids, isCut]) => {
        return { instance, channel, seqs, ids, isCut };
      }),
    }
  );
}

function readSeq(payload: Buffer, at: number): number | null {
  const seq = payload.readUInt32LE(at + 4) * TWO_32 + payload.readUInt32LE(at);
  return Number.isSafeInteger(seq) ? seq : null;
}

function parse<T>(shape: z.ZodType<T>, payload: Buffer): T | null {
  let value: unknown;
  try {
    value = JSON.parse(payload.toString());
  } catch {
    return null;
  }
  const result = shape.safeParse(value);
  return result.success ? result.data : null;
}
