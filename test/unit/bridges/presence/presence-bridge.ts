import { randomBytes } from "node:crypto";
import { pino } from "pino";
import { Channel } from "../../../../bridges/channel/channel.ts";
import type { Present } from "../../../../bridges/presence/view.ts";
import { Presence } from "../../../../bridges/presence/presence.ts";
import { Allowance } from "../../../../bridges/session/allowance.ts";
import { Session } from "../../../../bridges/session/session.ts";
import { FaultCounter } from "../../../../link/index.ts";
import { NO_CONTEXT } from "../fakes.ts";
import type { Place } from "./split-network.ts";

/** What a watcher has been told, and what it knows by it. */
export class Fold {
  readonly told: object[] = [];
  readonly members = new Map<string, Present>();
  more = 0;
  /** Changes that made no sense after what came before them. */
  readonly faults: string[] = [];

  apply(data: Readonly<Record<string, unknown>>): void {
    this.told.push(data);
    const { members, joined, left, renamed, more } = data as FoldData;
    if (members) {
      this.members.clear();
      for (const member of members) this.members.set(member.id, member);
    }
    if (members || more !== undefined) this.more = more ?? 0;
    if (joined) this.#expect(!this.members.has(joined.id), data).members.set(joined.id, joined);
    if (left) this.#expect(this.members.has(left.id), data).members.delete(left.id);
    if (renamed) {
      this.#expect(this.members.has(renamed.formerId), data).members.delete(renamed.formerId);
      this.members.set(renamed.id, renamed);
    }
  }

  get ids(): string[] {
    return [...this.members.keys()].toSorted();
  }

  #expect(isRight: boolean, data: object): this {
    if (!isRight) this.faults.push(JSON.stringify(data));
    return this;
  }
}

interface FoldData {
  members?: readonly Present[];
  joined?: Present;
  left?: Present;
  renamed?: Present & { formerId: string };
  more?: number;
}

/** As much of a bridge as presence is about, in one channel: the real presence, and browsers that come and go. */
export class PresenceBridge {
  readonly place: Place;
  readonly faults = new FaultCounter(pino({ level: "silent" }), Date.now);
  readonly folds = new Map<Session, Fold>();
  readonly #maxMembers: number;
  #browsers = new Map<number, Session>();
  #presence: Presence;
  #channel: Channel;

  constructor(place: Place, maxMembers = 1_000) {
    this.place = place;
    this.#maxMembers = maxMembers;
    this.#presence = this.#makePresence();
    this.#channel = new Channel(place.channel, place, Date.now);
    place.inbox = {
      presence: (_, change) => this.#presence.changed(this.#channel, change),
      announcement: (_, peer, text) => this.#presence.announced(this.#channel, peer, text),
      peerJoined: () => this.#presence.peerJoined(this.#channel),
      peerLeft: (_, peer) => this.#presence.peerLeft(this.#channel, peer),
      up: () => this.#presence.up(place.name),
      down: () => {},
    };
  }

  /** Ids of the named browsers here, as watchers see them. */
  get ids(): string[] {
    return [...this.#browsers.values()].map(({ publicId }) => `web:${publicId}`);
  }

  join(number: number, name = `n${number}`): void {
    if (this.#browsers.has(number)) return;
    const session = makeSession(name);
    this.#browsers.set(number, session);
    this.#presence.joined(this.#channel, session);
  }

  leave(number: number): void {
    const session = this.#browsers.get(number);
    if (!session) return;
    this.#browsers.delete(number);
    this.#presence.left(this.#channel, session);
  }

  /** Leaves and joins again, in the same session. */
  rejoin(number: number): void {
    const session = this.#browsers.get(number);
    if (!session) return;
    this.#presence.left(this.#channel, session);
    this.#presence.joined(this.#channel, session);
  }

  watch(): Fold {
    const session = makeSession(null);
    const fold = new Fold();
    this.folds.set(session, fold);
    this.#presence.watch(this.#channel, session);
    return fold;
  }

  unwatch(): void {
    for (const session of this.folds.keys()) this.#presence.unwatch(this.#channel, session);
    this.folds.clear();
  }

  /** The process dies and another takes its place, which knows nothing. Browsers are gone with it. */
  crash(): void {
    this.stop();
    this.folds.clear();
    this.#browsers.clear();
    this.#presence = this.#makePresence();
    this.#channel = new Channel(this.place.channel, this.place, Date.now);
  }

  stop(): void {
    this.#presence.stop();
  }

  #makePresence(): Presence {
    return new Presence({
      maxMembers: this.#maxMembers,
      maxPeers: 10,
      now: Date.now,
      randomBytes,
      faults: this.faults,
      foreignNameOf: (channel) => channel.replace("/", "#"),
      toWatchers: (channel, text) => {
        for (const session of channel.watchers) this.folds.get(session)?.apply(dataIn(text));
      },
      toSession: (session, _channel, text) => this.folds.get(session)?.apply(dataIn(text)),
    });
  }
}

function dataIn(text: string): Record<string, unknown> {
  const message: { data: Record<string, unknown> } = JSON.parse(text);
  return message.data;
}

function makeSession(name: string | null): Session {
  const publicId = randomBytes(6).toString("hex");
  const allowance = new Allowance(1, 1, 0);
  return new Session({ clientId: `001${publicId}`, publicId, name, isAck: false, context: NO_CONTEXT, allowance });
}
