import type { Network } from "../network.ts";
import type { Downlink } from "../session/downlink.ts";
import type { Session } from "../session/session.ts";
import { Outbox } from "./outbox.ts";
import type { Pattern } from "./patterns.ts";

/** Where a channel's messages go: written to sockets at once, link by link, or queued in their sessions. */
export interface Audience {
  readonly direct: ReadonlyMap<Downlink<Session>, Uint32Array>;
  readonly queued: readonly Session[];
}

/** A Bayeux channel that this bridge has to do with: its network, its subscribers, and what waits to be published. */
export class Channel {
  readonly name: string;
  readonly network: Network;
  readonly subscribers = new Set<Session>();
  /** Sessions that watch `/presence/…` of this channel. */
  readonly watchers = new Set<Session>();
  /** Patterns that match it, of those that sessions here are subscribed to. */
  readonly patterns = new Set<Pattern>();
  readonly outbox: Outbox;
  /** The join under way, or done; null while nobody asked, or after it failed. */
  joining: Promise<void> | null = null;
  isJoined = false;
  /** It stays joined because of a pattern. */
  isHeld = false;
  /** Requests that need the channel now, apart from its subscribers. */
  users = 0;
  /** When it was last needed; it is left some time after. */
  idleSinceMs: number;
  readonly #now: () => number;
  #audience: Audience | null = null;

  constructor(name: string, network: Network, now: () => number) {
    this.#now = now;
    this.name = name;
    this.network = network;
    this.idleSinceMs = now();
    this.outbox = new Outbox(name, network, now);
  }

  get isIdle(): boolean {
    // What could not be joined is not kept for a pattern: it is tried again when it is found again.
    if (this.users > 0 || (this.isHeld && this.isJoined)) return false;
    return this.subscribers.size === 0 && this.watchers.size === 0 && this.outbox.pending === 0;
  }

  /** It was needed until now. */
  touch(): void {
    this.idleSinceMs = this.#now();
  }

  /** Computed when it is needed and kept until a subscriber's way changes: a message costs no look at each of them. */
  get audience(): Audience {
    return (this.#audience ??= this.#computeAudience());
  }

  /** A subscriber came, went, or can be reached another way. */
  forgetAudience(): void {
    this.#audience = null;
  }

  /** Once for each session, by however many ways it is subscribed. */
  #computeAudience(): Audience {
    const [first, ...others] = this.patterns;
    if (!first) return audienceOf(this.subscribers);
    for (const pattern of this.patterns) pattern.inform(this);
    if (others.length === 0 && this.subscribers.size === 0) return first.audience;
    const sessions = new Set(this.subscribers);
    for (const pattern of this.patterns) for (const session of pattern.subscribers) sessions.add(session);
    return audienceOf(sessions);
  }
}

/** Sorts sessions by how they can be reached now. */
export function audienceOf(sessions: Iterable<Session>): Audience {
  const connections = new Map<Downlink<Session>, number[]>();
  const queued: Session[] = [];
  for (const session of sessions) {
    const { socket } = session;
    if (!session.isDirect || !socket) {
      queued.push(session);
      continue;
    }
    const known = connections.get(socket.downlink);
    if (known) known.push(socket.connection);
    else connections.set(socket.downlink, [socket.connection]);
  }
  const direct = new Map([...connections].map(([downlink, numbers]) => [downlink, Uint32Array.from(numbers)]));
  return { direct, queued };
}
