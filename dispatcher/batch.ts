import { type Rejected, type Request, routeOf } from "../bayeux/index.ts";
import { besideHandshake, rejection, unknownSession } from "./replies.ts";

/** Messages of one session in one batch, or a handshake: what goes to a bridge in one frame. */
export interface Group {
  /** Null for a handshake: any route will do. */
  readonly route: number | null;
  readonly clientId: string | null;
  readonly isConnect: boolean;
  readonly requests: Request[];
  /** Places in the batch. */
  readonly indexes: number[];
}

/** A batch, taken apart. */
export interface SplitBatch {
  readonly groups: readonly Group[];
  /** Replies that the dispatcher gives itself, by place. */
  readonly replies: ReadonlyMap<number, string>;
  /** True: the batch is one connect alone. */
  readonly mayHold: boolean;
}

type Entry = Request | Rejected;

/**
 * Takes a batch apart by session.
 *
 * @param routes how many there are; a clientId of another route is unknown
 * @param connectsApart true: the connects of a session are a group of their own, after the others
 */
export function splitBatch(batch: readonly Entry[], routes: number, connectsApart: boolean): SplitBatch {
  const handshake = batch.findIndex((entry) => entry.channel === "/meta/handshake");
  if (handshake >= 0) return splitHandshake(batch, handshake);
  const replies = new Map<number, string>();
  const groups = new Map<string, Group>();
  const connects = connectsApart ? new Map<string, Group>() : groups;
  for (const [index, entry] of batch.entries()) {
    // `splitHandshake` has them; this tells the compiler.
    if (entry.type === "handshake") continue;
    if (entry.type === "rejected") {
      replies.set(index, rejection(entry));
      continue;
    }
    const { clientId } = entry;
    const route = routeOf(clientId);
    if (route === null || route > routes) {
      replies.set(index, unknownSession(entry));
      continue;
    }
    const isConnect = connectsApart && entry.type === "connect";
    const sameKind = isConnect ? connects : groups;
    const group = sameKind.get(clientId);
    if (group) {
      group.requests.push(entry);
      group.indexes.push(index);
    } else sameKind.set(clientId, { route, clientId, isConnect, requests: [entry], indexes: [index] });
  }
  const mayHold = batch.length === 1 && batch[0]?.type === "connect";
  const all = connectsApart ? [...groups.values(), ...connects.values()] : [...groups.values()];
  return { groups: all, replies, mayHold };
}

/** Bayeux §4.1: nothing else in a handshake's batch is processed, also where the handshake itself cannot be. */
function splitHandshake(batch: readonly Entry[], handshake: number): SplitBatch {
  const replies = new Map<number, string>();
  const groups: Group[] = [];
  batch.forEach((entry, index) => {
    if (index !== handshake) replies.set(index, besideHandshake(entry));
    else if (entry.type === "rejected") replies.set(index, rejection(entry));
    else groups.push({ route: null, clientId: null, isConnect: false, requests: [entry], indexes: [index] });
  });
  return { groups, replies, mayHold: false };
}

const ARRAY = /^[\t\n\r ]*\[/;

/** The text of a batch, from which each group's own part is cut. */
export class BatchText {
  readonly #bytes: Buffer;
  readonly #text: string;
  #messages: readonly unknown[] | null = null;

  /** @param text what `bytes` say; it has been parsed once already, so it is JSON */
  constructor(bytes: Buffer, text: string) {
    this.#bytes = bytes;
    this.#text = text;
  }

  /** @returns a JSON array of the messages at these places, as they came */
  only(indexes: readonly number[], batchLength: number): Buffer {
    if (indexes.length === batchLength) return ARRAY.test(this.#text) ? this.#bytes : Buffer.from(`[${this.#text}]`);
    if (!this.#messages) {
      const value: unknown = JSON.parse(this.#text);
      this.#messages = Array.isArray(value) ? value : [value];
    }
    const messages = this.#messages;
    return Buffer.from(JSON.stringify(indexes.map((index) => messages[index])));
  }
}
