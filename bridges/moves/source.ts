import { routeOf } from "../../bayeux/index.ts";
import { type Frame, type Link, LinkClient, type LinkClientOptions, type LinkOwner } from "../../link/index.ts";
import { parseSnapshot, type ChannelPosition } from "../session/snapshot.ts";
import type { Adoption } from "./adoption.ts";
import type { Holding } from "./holding.ts";
import { type Talk, Talker, TalkError } from "./talk.ts";

export interface SourceOptions extends Omit<LinkClientOptions, "owner"> {
  readonly expectedNode: number;
  readonly adoption: Adoption;
  readonly holding: Holding;
  /** All sessions of a route are here, or are known not to come. */
  readonly onRoute: (route: number) => void;
}

/** What is asked of the other bridge, and asked again on a new link. */
interface Asked {
  readonly epoch: number;
  readonly routes: Set<number>;
}

/** Another bridge, as far as we take over sessions from it. */
export class Source implements LinkOwner, AsyncDisposable {
  /** Its number. */
  readonly node: number;
  readonly #options: SourceOptions;
  readonly #client: LinkClient;
  #talker: Talker | null = null;
  #preparing: Asked | null = null;
  #prepared = Promise.withResolvers<void>();
  #taking: Asked | null = null;
  readonly #positions = new Map<string, ChannelPosition>();
  /** Sessions that are being adopted, by their routes. */
  readonly #arriving = new Map<number, Promise<void>[]>();

  constructor(options: SourceOptions) {
    this.node = options.expectedNode;
    this.#options = options;
    this.#client = new LinkClient({ ...options, owner: this });
    this.#client.start();
  }

  get isUp(): boolean {
    return this.#client.link !== null;
  }

  /** Nothing is expected of it. */
  get isIdle(): boolean {
    return this.#taking === null;
  }

  /** Joins what the sessions on some routes need. Resolves when that is done as far as it can be. */
  prepare(epoch: number, routes: readonly number[]): Promise<void> {
    this.#preparing = { epoch, routes: new Set(routes) };
    this.#prepared = Promise.withResolvers();
    this.#ask("prepare", this.#preparing);
    return this.#prepared.promise;
  }

  /** By the table of this epoch, these routes are ours. */
  take(epoch: number, routes: readonly number[]): void {
    this.#preparing = null;
    this.#options.holding.cut();
    this.#taking = { epoch, routes: new Set([...(this.#taking?.routes ?? []), ...routes]) };
    this.#ask("take", { epoch, routes: new Set(routes) });
  }

  /** What has not come of these routes does not matter any more. */
  giveUp(routes: Iterable<number>): void {
    for (const route of routes) this.#taking?.routes.delete(route);
    if (this.#taking?.routes.size === 0) this.#taking = null;
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.#taking = null;
    this.#preparing = null;
    this.#options.holding.release();
    await this.#client[Symbol.asyncDispose]();
  }

  onUp(link: Link): void {
    this.#talker = new Talker(link);
    if (this.#taking) this.#ask("take", this.#taking);
    if (this.#preparing) this.#ask("prepare", this.#preparing);
  }

  onFrame(_link: Link, frame: Frame): void {
    this.#talker?.hear(frame, this.#options.faults, (message) => this.#onMessage(message));
  }

  onDrain(): void {
    // What we send is short.
  }

  onDown(): void {
    this.#talker = null;
  }

  #ask(type: "prepare" | "take", { epoch, routes }: Asked): void {
    this.#talker?.send({ type, epoch, routes: [...routes] });
  }

  #onMessage(message: Talk): void {
    switch (message.type) {
      case "channels":
        return this.#onChannels(message.epoch, message.names);
      case "position":
        this.#positions.set(message.position.channel, message.position);
        return;
      case "session":
        return this.#onSession(message.session, message.channels);
      case "route":
        return this.#onRoute(message.route);
      default:
        throw new TalkError(`a ${message.type} is not for the one who takes`);
    }
  }

  #onChannels(epoch: number, names: readonly string[]): void {
    if (this.#preparing?.epoch !== epoch) return;
    const { resolve } = this.#prepared;
    this.#options.holding.prepare(names).then(resolve, resolve);
  }

  #onSession(session: Readonly<Record<string, unknown>>, channels: readonly string[]): void {
    const { adoption, holding } = this.#options;
    const positions = channels.flatMap((channel) => this.#positions.get(channel) ?? []);
    if (positions.length < channels.length) throw new TalkError("a session without its positions");
    let snapshot;
    try {
      snapshot = { ...parseSnapshot({ ...session, positions: [] }), positions };
    } catch (error) {
      this.#refused(error);
      return;
    }
    const route = routeOf(snapshot.clientId) ?? 0;
    // Too late: its requests were answered already.
    if (!this.#taking?.routes.has(route)) return;
    const arriving = this.#arriving.get(route) ?? [];
    this.#arriving.set(route, arriving);
    arriving.push(
      adoption
        .adopt(snapshot, holding, undefined, () => this.#taking?.routes.has(route) === true)
        .then(
          () => undefined,
          (error: unknown) => this.#refused(error),
        ),
    );
  }

  #onRoute(route: number): void {
    const arriving = this.#arriving.get(route) ?? [];
    this.#arriving.delete(route);
    Promise.all(arriving).then(
      () => {
        this.#talker?.send({ type: "received", route });
        if (!this.#taking?.routes.has(route)) return;
        this.giveUp([route]);
        this.#options.onRoute(route);
      },
      () => undefined,
    );
  }

  /** Its page begins anew, told so with its next request. */
  #refused(error: unknown): void {
    const reason = error instanceof Error ? error.message : String(error);
    this.#options.faults.count("bridge.notTaken", "session of another bridge not taken over", { reason });
  }
}
