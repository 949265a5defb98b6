import type { Audience, Channel } from "../channel/channel.ts";
import type { Session } from "../session/session.ts";

/** Who has had what from history of one channel. */
interface Had {
  readonly sessionsById: Map<string, Set<Session>>;
  untilMs: number;
}

/** Live copies are on their way for milliseconds. */
const KEPT_MS = 30_000;
/** So many of the newest messages of a history can still be on their way. */
const MAX_IDS = 256;

/**
 * Messages that some sessions have had from history, and whose live copies may still come: everybody else gets those.
 *
 * Needed only where nothing of the channel was here that history could have joined on to.
 */
export class LateCopies {
  readonly #now: () => number;
  readonly #channels = new Map<string, Had>();

  constructor(now: () => number) {
    this.#now = now;
  }

  /** @param ids delivery ids that the session was given, oldest first */
  expect(channel: string, session: Session, ids: readonly string[]): void {
    if (ids.length === 0) return;
    const had = this.#channels.get(channel) ?? { sessionsById: new Map<string, Set<Session>>(), untilMs: 0 };
    this.#channels.set(channel, had);
    had.untilMs = this.#now() + KEPT_MS;
    for (const id of ids.slice(-MAX_IDS)) {
      const sessions = had.sessionsById.get(id) ?? new Set();
      had.sessionsById.set(id, sessions.add(session));
    }
  }

  /** @returns who gets a live message: all but those who have had it */
  audienceOf(channel: Channel, id: string): Audience {
    const had = this.#channels.get(channel.name);
    if (!had) return channel.audience;
    const sessions = had.sessionsById.get(id);
    // The live messages are past what history had.
    if (!sessions || had.untilMs <= this.#now()) {
      this.#channels.delete(channel.name);
      return channel.audience;
    }
    had.sessionsById.delete(id);
    return without(channel.audience, sessions);
  }

  forget(channels: ReadonlySet<string>): void {
    for (const name of channels) this.#channels.delete(name);
  }
}

function without(audience: Audience, sessions: ReadonlySet<Session>): Audience {
  const direct = new Map(audience.direct);
  for (const { socket } of sessions) {
    const recipients = socket && direct.get(socket.downlink);
    if (!recipients) continue;
    const others = recipients.filter((connection) => connection !== socket.connection);
    if (others.length > 0) direct.set(socket.downlink, others);
    else direct.delete(socket.downlink);
  }
  return { direct, queued: audience.queued.filter((session) => !sessions.has(session)) };
}
