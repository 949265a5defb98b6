import { fixedCluster } from "../halod/index.ts";
import type { ClusterSource } from "../halod/index.ts";
import { LinkServer } from "../link/index.ts";
import type { FaultCounter, Frame, Link, LinkConfig, LinkOwner } from "../link/index.ts";
import type { Logger } from "pino";
import type { Broadcast } from "./broadcast.ts";
import type { Calls } from "./calls.ts";
import type { Census } from "./census.ts";
import type { Channels } from "./channel/channels.ts";
import type { BridgeConfig } from "./config.ts";
import type { Discovery } from "./discovery.ts";
import type { Streams } from "./history/streams.ts";
import type { Identities } from "./identity/identities.ts";
import { bridgeLinkOf, haloClientOf } from "./halo-client.ts";
import type { HaloChannel } from "./halo/halo-channel.ts";
import { numbersOf, type BridgeNumbers } from "./halo/numbers.ts";
import type { Inbox } from "./inbox.ts";
import { Keepers } from "./keepers/keepers.ts";
import type { Keeping } from "./keepers/keeping.ts";
import { Recall } from "./keepers/recall.ts";
import { Moves } from "./moves/moves.ts";
import type { Mapping } from "./mapping/mapping.ts";
import type { Network } from "./network.ts";
import { Ownership } from "./ownership.ts";
import { makeParts } from "./parts.ts";
import type { Presence } from "./presence/presence.ts";
import { Readiness } from "./readiness.ts";
import { Routes } from "./routes.ts";
import type { Delivery } from "./session/delivery.ts";
import { Downlink } from "./session/downlink.ts";
import type { Session } from "./session/session.ts";
import type { Sessions } from "./session/sessions.ts";
import { Takeover } from "./tickets/takeover.ts";
import { Traffic } from "./traffic.ts";

/** What a bridge is started with. */
export interface BridgeOptions {
  readonly config: BridgeConfig;
  /** Number of routes, N. */
  readonly routes: number;
  /** The link secret. */
  readonly secret: string;
  /** For logs and the hello. */
  readonly name: string;
  /** Random, new at every start: names this log and these connection numbers. */
  readonly instance: string;
  readonly link: LinkConfig;
  /** Tells the routes, and may change; disposed of here. HaloD, or the configured number of bridges, where unset. */
  readonly cluster?: ClusterSource;
  readonly faults: FaultCounter;
  /** At least one. */
  readonly networks: readonly Network[];
  readonly mapping: Mapping;
  readonly log: Logger;
  readonly now: () => number;
  /** Cryptographically random. */
  readonly randomBytes: (count: number) => Buffer;
}

const DRAIN_POLL_MS = 50;
/** Dispatchers end the link to a bridge that has left the cluster about a second after they know. */
const LINGER_MS = 1_500;

/** One bridge: dispatchers connect to it, sessions live in it, and a network carries their messages. */
export class Bridge implements LinkOwner, AsyncDisposable {
  readonly #options: BridgeOptions;
  readonly #log: Logger;
  readonly #ownership: Ownership;
  readonly #downlinks = new Map<Link, Downlink<Session>>();
  readonly #delivery: Delivery;
  readonly #broadcast: Broadcast;
  readonly #sessions: Sessions;
  readonly #calls: Calls;
  readonly #channels: Channels;
  readonly #presence: Presence;
  readonly #halo: HaloChannel;
  readonly #streams: Streams;
  readonly #discovery: Discovery;
  readonly #identities: Identities;
  readonly #readiness: Readiness;
  readonly #moves: Moves;
  readonly #keepers: Keepers;
  readonly #keeping: Keeping;
  readonly #takeover: Takeover;
  readonly #traffic: Traffic;
  readonly #routes: Routes;
  readonly #inboxes: ReadonlyMap<Network, Inbox>;
  #server: LinkServer | null = null;
  #linkCount = 0;
  #isDisposed = false;

  private constructor(options: BridgeOptions) {
    this.#options = options;
    this.#log = options.log.child({ component: "bridge" });
    this.#ownership = new Ownership(options.config.node, options.instance);
    const parts = makeParts({ ...options, log: this.#log, keepers: () => this.#keepers });
    this.#sessions = parts.sessions;
    this.#calls = parts.calls;
    this.#channels = parts.channels;
    this.#streams = parts.streams;
    this.#discovery = parts.discovery;
    this.#identities = parts.identities;
    this.#delivery = parts.delivery;
    this.#broadcast = parts.broadcast;
    this.#inboxes = parts.inboxes;
    this.#presence = parts.presence;
    this.#halo = parts.halo;
    this.#keeping = parts.keeping;
    const others = { ...options.config, ...options, ...parts, log: this.#log };
    const link = bridgeLinkOf({ ...options, log: this.#log });
    this.#keepers = new Keepers({
      ...{ ...others, link },
      hasTickets: () => [...this.#downlinks.values()].every(({ isBlocked }) => !isBlocked),
      onChange: () => this.#routes.tell(),
    });
    this.#moves = new Moves({
      ...{ ...others, link },
      onArrived: () => this.#traffic.look(),
      onOver: () => this.#routes.endMoved(),
    });
    parts.tickets.isOn = this.#mayMove;
    this.#takeover = new Takeover({
      ...others,
      recall: (...tables) => new Recall({ ...others, link }, ...tables),
      downlinks: () => this.#downlinks.values(),
      owns: (route) => this.#ownership.owns(route),
      onArrived: () => this.#traffic.look(),
    });
    const arriving = { ownership: this.#ownership, moves: this.#moves, takeover: this.#takeover };
    this.#traffic = new Traffic({ ...options.config, ...parts, ...arriving, faults: options.faults });
    this.#routes = new Routes({
      ...{ ...parts, ...arriving, traffic: this.#traffic, keepers: this.#keepers, log: this.#log },
      mayMove: this.#mayMove,
      numbers: () => this.numbers,
    });
    const awaited = [...parts.inboxes].map(([{ name: network }, { firstUp }]) => ({ network, firstUp }));
    this.#readiness = new Readiness(awaited, options.config.startWaitMs, this.#log);
  }

  /** Listens for dispatchers, and starts connecting to the networks. @throws Error when the port is taken */
  static async start(options: BridgeOptions): Promise<Bridge> {
    const bridge = new Bridge(options);
    const { config, routes, secret, name } = options;
    // A number of bridges that may change is not to be compared: as many as there can be.
    const nodes = bridge.#mayMove ? routes : config.nodes;
    const fixed = () => fixedCluster(new Array<string>(config.nodes).fill(""), routes);
    if (!bridge.#mayMove) bridge.#routes.follow(fixed);
    bridge.#server = await LinkServer.listen({
      host: config.host,
      port: config.port,
      secret,
      peer: { role: "bridge", name, instance: options.instance, routes, node: config.node, nodes },
      owner: bridge,
      log: bridge.#log,
      faults: options.faults,
      config: options.link,
      randomBytes: options.randomBytes,
    });
    bridge.#sessions.start();
    bridge.#channels.start();
    bridge.#calls.start();
    bridge.#readiness.start();
    const halod = () => options.cluster ?? haloClientOf({ ...options, numbers: () => bridge.numbers }, bridge.port);
    // A bridge without a network serves nobody, so it registers when it has one; until then no route is its own. Who waits for
    // it is told why it cannot be.
    if (bridge.#mayMove)
      bridge.ready().then(
        () => bridge.#routes.follow(halod),
        () => undefined,
      );
    for (const [network, inbox] of bridge.#inboxes) network.start(inbox);
    return bridge;
  }

  /** Where dispatchers connect. */
  get port(): number {
    return this.#server?.port ?? 0;
  }

  /** Resolves when every network was up once; or, some time after the start, when one was. */
  ready(): Promise<void> {
    return this.#readiness.reached;
  }

  /** What is held now; all of it is 0 when every session has ended and its channels were left. */
  get census(): Census {
    const downlinks = [...this.#downlinks.values()];
    return {
      sessions: this.#sessions.size,
      channels: this.#channels.size,
      patterns: this.#channels.patterns.size,
      puppets: this.#identities.size,
      connections: downlinks.reduce((sum, { connections }) => sum + connections, 0),
      exchanges: downlinks.reduce((sum, { exchanges }) => sum + exchanges, 0),
    };
  }

  /** How busy it is. */
  get numbers(): BridgeNumbers {
    const { protection } = this.#keepers;
    return { ...numbersOf(this.census, this.#inboxes.values(), this.#broadcast, this.#downlinks.values()), protection };
  }

  /**
   * Leaves the cluster, so that others take over at once, and lets what is being served finish, within the bound, so that
   * no publish ends unanswered.
   */
  async drain(timeoutMs: number): Promise<void> {
    const deadlineMs = this.#options.now() + timeoutMs;
    const hasMoved = this.#mayMove && (await this.#routes.leave(timeoutMs / 2));
    // Dispatchers that hear of it later than we did are refused, which costs them nothing; the others let go of us.
    const lingerMs = hasMoved ? this.#options.now() + LINGER_MS : 0;
    const isAsked = () => this.#downlinks.size > 0 && this.#options.now() < lingerMs;
    const isServing = () => [...this.#downlinks.values()].some((downlink) => downlink.exchanges > 0);
    while ((isServing() || isAsked()) && this.#options.now() < deadlineMs) {
      await new Promise((resolve) => setTimeout(resolve, DRAIN_POLL_MS));
    }
  }

  async [Symbol.asyncDispose](): Promise<void> {
    if (this.#isDisposed) return;
    this.#isDisposed = true;
    await this.#routes[Symbol.asyncDispose]();
    await this.#moves[Symbol.asyncDispose]();
    await this.#keepers[Symbol.asyncDispose]();
    this.#keeping[Symbol.dispose]();
    this.#takeover.stop();
    this.#traffic[Symbol.dispose]();
    this.#calls.stop();
    this.#presence.stop();
    this.#halo.stop();
    this.#streams.stop();
    this.#discovery.stop();
    this.#channels.stop();
    this.#sessions.stop();
    this.#identities.stop();
    this.#delivery.stop();
    await this.#server?.[Symbol.asyncDispose]();
    this.#readiness.stop();
    await Promise.all(this.#options.networks.map((network) => network[Symbol.asyncDispose]()));
  }

  onUp(link: Link): void {
    if (link.peer.role === "bridge") return this.#moves.departures.onUp(link);
    this.#linkCount += 1;
    const onBlocked = (full: Downlink<Session>) => this.#broadcast.refreshAll(full);
    const downlink = new Downlink<Session>(link, this.#linkCount, onBlocked, this.#takeover.notesFor);
    this.#downlinks.set(link, downlink);
    this.#takeover.up(downlink);
    this.#log.info({ dispatcher: link.peer.name, instance: link.peer.instance }, "dispatcher connected");
  }

  onFrame(link: Link, frame: Frame): void {
    const downlink = this.#downlinks.get(link);
    if (!downlink) return this.#moves.departures.onFrame(link, frame);
    this.#traffic.onFrame(downlink, frame);
  }

  onDrain(link: Link): void {
    const downlink = this.#downlinks.get(link);
    if (!downlink) return this.#moves.departures.onDrain(link);
    if (!downlink.isBlocked) return;
    downlink.isBlocked = false;
    for (const session of downlink.sessions) this.#broadcast.catchUp(session);
  }

  onDown(link: Link, reason: string, isOrderly: boolean): void {
    const downlink = this.#downlinks.get(link);
    if (!downlink) return this.#moves.departures.onDown(link);
    this.#downlinks.delete(link);
    this.#traffic.down(downlink);
    this.#takeover.down(downlink);
    const sessions = this.#sessions.detachAll(downlink);
    for (const session of sessions) this.#broadcast.refresh(session);
    this.#log[isOrderly ? "info" : "warn"](
      { dispatcher: link.peer.name, reason, sessions: sessions.length },
      "dispatcher gone",
    );
  }

  /** Others may take over from us, and we from them. */
  get #mayMove(): boolean {
    return this.#options.cluster !== undefined || this.#options.config.halod.length > 0;
  }
}
