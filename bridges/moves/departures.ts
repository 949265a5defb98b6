import { setImmediate as turn } from "node:timers/promises";
import { routeOf } from "../../bayeux/index.ts";
import type { FaultCounter, Frame, Link } from "../../link/index.ts";
import type { Logger } from "pino";
import type { Identities } from "../identity/identities.ts";
import { isPrivateChannel } from "../identity/user-channel.ts";
import { caughtUp } from "../keepers/heard.ts";
import type { Keeping } from "../keepers/keeping.ts";
import type { Log } from "../log/log.ts";
import { NetworkError } from "../network.ts";
import type { Publishes } from "../publishes.ts";
import type { Delivery } from "../session/delivery.ts";
import type { Session } from "../session/session.ts";
import type { Sessions } from "../session/sessions.ts";
import { type ChannelPosition, snapshotOf } from "../session/snapshot.ts";
import type { Subscriptions } from "../subscriptions.ts";
import { within } from "../within.ts";
import { Positions } from "./positions.ts";
import { type Talk, Talker, TalkError } from "./talk.ts";
import { drained, type Taker } from "./taker.ts";

/** What handing sessions over needs. */
export interface DeparturesOptions {
  readonly sessions: Sessions;
  readonly subscriptions: Subscriptions;
  readonly publishes: Publishes;
  readonly identities: Identities;
  readonly delivery: Delivery;
  readonly messages: Log;
  /** What others say to the one who keeps their channels. */
  readonly keeping: Pick<Keeping, "take" | "down">;
  /** How long the sessions of a route wait for its new owner, once it is not ours any more. */
  readonly handoverMs: number;
  readonly log: Logger;
  readonly faults: FaultCounter;
  /** Some routes have gone, or nobody has come for them in time: the sessions that are still there have to end. */
  readonly onOver: () => void;
}

/** What a session has begun to do has so long to come to its end before the session goes. */
const SETTLE_MS = 500;
/** So many sessions go in one turn of the event loop. */
const PER_TURN = 100;

/** The sessions on routes that are not ours any more, until their new owners have them. */
export class Departures {
  readonly #options: DeparturesOptions;
  readonly #takers = new Map<Link, Taker>();
  /** Routes whose sessions wait. */
  readonly #routes = new Map<number, Leaving>();
  #epoch = 0;
  /** Settles with the next table. */
  #table = Promise.withResolvers<void>();
  #done = Promise.withResolvers<void>();

  constructor(options: DeparturesOptions) {
    this.#options = options;
  }

  /** Whether the sessions of a route wait for its new owner. */
  has(route: number): boolean {
    return this.#routes.has(route);
  }

  /** There is a new table, by which these routes have gone from us to others. */
  begin(epoch: number, routes: readonly number[]): void {
    const { handoverMs } = this.#options;
    this.#epoch = epoch;
    for (const route of routes) this.#routes.set(route, { epoch, sent: [] });
    this.#table.resolve();
    this.#table = Promise.withResolvers();
    if (routes.length > 0) setTimeout(() => this.#sweep(epoch), handoverMs).unref();
  }

  /** These are ours again. */
  cancel(routes: Iterable<number>): void {
    for (const route of routes) this.#routes.delete(route);
    this.#settle();
  }

  /** Resolves when no session waits for its new owner; that is bounded. */
  async done(): Promise<void> {
    while (this.#routes.size > 0) await this.#done.promise;
  }

  onUp(link: Link): void {
    this.#takers.set(link, { link, talker: new Talker(link), isDown: false, drained: null });
  }

  onFrame(link: Link, frame: Frame): void {
    const taker = this.#takers.get(link);
    taker?.talker.hear(frame, this.#options.faults, (message) => this.#onMessage(taker, message));
  }

  onDrain(link: Link): void {
    this.#takers.get(link)?.drained?.resolve();
  }

  onDown(link: Link): void {
    const taker = this.#takers.get(link);
    if (!taker) return;
    this.#options.keeping.down(link);
    this.#takers.delete(link);
    taker.isDown = true;
    taker.drained?.resolve();
  }

  #onMessage(taker: Taker, message: Talk): void {
    switch (message.type) {
      case "prepare":
        taker.talker.send({ type: "channels", epoch: message.epoch, names: this.#namesOn(new Set(message.routes)) });
        return;
      case "take":
        this.#give(taker, message.epoch, message.routes).catch((error: unknown) => {
          // Only a bug gets here; the sessions end when their time is over.
          this.#options.log.error({ err: error }, "handing over sessions failed");
        });
        return;
      case "received":
        return this.#received(message.route);
      default:
        if (this.#options.keeping.take(taker.link, taker.talker, message)) return;
        throw new TalkError(`a ${message.type} is not for the one who gives`);
    }
  }

  /** Channels and patterns that the sessions on some routes need. */
  #namesOn(routes: ReadonlySet<number>): string[] {
    const names = new Set<string>();
    for (const session of this.#on(routes)) {
      if (!this.#mayMove(session)) continue;
      for (const name of session.subscriptions) names.add(name);
      for (const { name } of this.#options.subscriptions.heardBy(session)) names.add(name);
    }
    return [...names];
  }

  async #give(taker: Taker, epoch: number, routes: readonly number[]): Promise<void> {
    if (!(await this.#knows(epoch))) return;
    await this.#hearAll(routes);
    const byRoute = Map.groupBy(this.#on(new Set(routes)), ({ clientId }) => routeOf(clientId) ?? 0);
    const parcel = {
      taker,
      positions: new Positions(this.#options.messages),
      sent: new Map<string, ChannelPosition>(),
    };
    const later: Promise<void>[] = [];
    let count = 0;
    for (const route of firstThoseWithBrowsers(routes, byRoute)) {
      const sessions = this.#routes.has(route) ? (byRoute.get(route) ?? []) : [];
      const busy = sessions.filter((session) => this.#isBusy(session));
      if (busy.length > 0) {
        later.push(this.#settled(busy).then(() => this.#send(parcel, route, sessions)));
        continue;
      }
      this.#send(parcel, route, sessions);
      count += sessions.length;
      if (count >= PER_TURN) await turn();
      if (count >= PER_TURN) count = 0;
      await drained(taker);
    }
    await Promise.all(later);
  }

  /** What our networks have sent by now is heard first: the new owner takes what it had itself for what we have had. */
  async #hearAll(routes: readonly number[]): Promise<void> {
    const { subscriptions } = this.#options;
    const channels = new Set(this.#on(new Set(routes)).flatMap((session) => [...subscriptions.heardBy(session)]));
    await within(caughtUp(channels), SETTLE_MS, "").catch((error: unknown) => {
      // A network that is away sends nothing, to us at least.
      if (!(error instanceof NetworkError)) throw error;
    });
  }

  /** Waits for the table of an epoch. @returns false where it does not come */
  async #knows(epoch: number): Promise<boolean> {
    const { handoverMs } = this.#options;
    const late = Promise.withResolvers<void>();
    const timer = setTimeout(() => late.resolve(), handoverMs).unref();
    let isLate = false;
    const over = late.promise.then(() => (isLate = true));
    while (this.#epoch < epoch && !isLate) await Promise.race([this.#table.promise, over]);
    clearTimeout(timer);
    return this.#epoch >= epoch;
  }

  #send({ taker, positions, sent }: Parcel, route: number, sessions: readonly Session[]): void {
    const { delivery, subscriptions, sessions: all } = this.#options;
    if (taker.isDown) return;
    for (const session of sessions) {
      if (session.hasEnded) continue;
      if (!this.#mayMove(session) || session.barrier) {
        all.end(session, "moved");
        continue;
      }
      delivery.letGo(session);
      const places = positions.of(subscriptions.heardBy(session));
      for (const position of places) {
        if (sent.get(position.channel) === position) continue;
        sent.set(position.channel, position);
        taker.talker.send({ type: "position", position: { ...position, recent: [...position.recent] } });
      }
      const { positions: _, ...snapshot } = snapshotOf(session, []);
      taker.talker.send({ type: "session", session: snapshot, channels: places.map(({ channel }) => channel) });
    }
    const leaving = this.#routes.get(route);
    if (leaving) leaving.sent = sessions;
    taker.talker.send({ type: "route", route });
  }

  /** The new owner has what we had. Nothing of it is told to browsers. */
  #received(route: number): void {
    const leaving = this.#routes.get(route);
    if (!leaving) return;
    this.#routes.delete(route);
    for (const session of leaving.sent) this.#options.sessions.end(session, "handed over");
    this.#settle();
  }

  #sweep(epoch: number): void {
    for (const [route, leaving] of this.#routes) if (leaving.epoch === epoch) this.#routes.delete(route);
    this.#settle();
    this.#options.onOver();
  }

  #settle(): void {
    if (this.#routes.size > 0) return;
    this.#done.resolve();
    this.#done = Promise.withResolvers();
  }

  #on(routes: ReadonlySet<number>): Session[] {
    return [...this.#options.sessions.all()].filter(({ clientId }) => routes.has(routeOf(clientId) ?? 0));
  }

  /** Whoever is somebody on the network stays: two bridges cannot be one user. */
  #mayMove(session: Session): boolean {
    return !this.#options.identities.isSomebody(session) && ![...session.subscriptions].some(isPrivateChannel);
  }

  #isBusy(session: Session): boolean {
    return session.barrier !== null || this.#options.publishes.isPending(session);
  }

  async #settled(sessions: readonly Session[]): Promise<void> {
    const over = Promise.withResolvers<void>();
    const timer = setTimeout(() => over.resolve(), SETTLE_MS).unref();
    const all = sessions.flatMap((session) => [session.barrier, this.#options.publishes.settled(session)]);
    await Promise.race([Promise.allSettled(all), over.promise]);
    clearTimeout(timer);
  }
}

/** A route that is not ours any more. */
interface Leaving {
  /** Of the table by which it went. */
  readonly epoch: number;
  /** Its sessions, once they were sent. */
  sent: readonly Session[];
}

/** What goes to one new owner. */
interface Parcel {
  readonly taker: Taker;
  readonly positions: Positions;
  /** The positions that it knows. */
  readonly sent: Map<string, ChannelPosition>;
}

/** Nobody waits for the sessions on the other routes. */
function firstThoseWithBrowsers(
  routes: readonly number[],
  byRoute: ReadonlyMap<number, readonly Session[]>,
): readonly number[] {
  const hasBrowser = (route: number) =>
    byRoute.get(route)?.some(({ held, socket }) => held !== null || socket !== null);
  const parts = Map.groupBy(routes, (route) => hasBrowser(route) === true);
  return [...(parts.get(true) ?? []), ...(parts.get(false) ?? [])];
}
