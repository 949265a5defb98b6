import { randomBytes } from "node:crypto";
import type { RequestListener, Server } from "node:http";
import { hostname } from "node:os";
import { setTimeout as wait } from "node:timers/promises";
import type { Logger } from "pino";
import { busyMeter, type ClusterSource, fixedCluster, HaloClient } from "../halod/index.ts";
import { FaultCounter, type LinkConfig, linkSchema, listen } from "../link/index.ts";
import type { ConnectBridge } from "./bridge-link.ts";
import { BridgeLinks } from "./bridge-links.ts";
import type { DispatcherConfig } from "./config.ts";
import { connectByLink } from "./connect-by-link.ts";
import { Deadlines } from "./deadlines.ts";
import { refuse } from "./http/refusal.ts";
import { type Health, makeHttpServer } from "./http/server.ts";
import { InsideListener } from "./inside/listener.ts";
import type { Tier } from "./tier.ts";
import { Coalescer } from "./transports/coalescer.ts";
import { HttpTransports } from "./transports/http-transports.ts";
import { Pace } from "./transports/pace.ts";
import { WebSocketTier } from "./transports/websocket-server.ts";

const POLL_MS = 20;

/** What a dispatcher is started with. */
export interface DispatcherOptions {
  readonly config: DispatcherConfig;
  /** N, the same in every process of the stack. */
  readonly routes: number;
  /** The link secret. */
  readonly secret: string;
  readonly log: Logger;
  /** For the logs of the bridges; the host name where unset. */
  readonly name?: string;
  readonly link?: LinkConfig;
  /** Tells the bridges, and may change; disposed of here. HaloD, or the configured list, where unset. */
  readonly cluster?: ClusterSource;
  /** Serves everything that is not Bayeux or health; a 404 where unset. */
  readonly fallback?: RequestListener;
  /** Milliseconds that only grow. */
  readonly now?: () => number;
  /** Uniform in [0, 1). */
  readonly random?: () => number;
  /** How a bridge is reached; by a link over TCP where unset. */
  readonly connect?: ConnectBridge;
}

/** The Comet tier: sockets of browsers on one side, links to bridges on the other, and no session state. */
export class Dispatcher implements AsyncDisposable, Tier {
  readonly config: DispatcherConfig;
  readonly faults: FaultCounter;
  readonly deadlines: Deadlines;
  readonly bridges: BridgeLinks;
  readonly now: () => number;
  readonly random: () => number;
  readonly randomBytes = randomBytes;
  readonly #log: Logger;
  readonly #instance = randomBytes(12).toString("hex");
  readonly #server: Server;
  readonly #coalescer: Coalescer;
  readonly #requests: HttpTransports;
  readonly #sockets: WebSocketTier;
  #port = 0;
  #inside: InsideListener | null = null;
  #draining: Promise<void> | null = null;

  /** Listens for browsers and begins to connect to the bridges. @throws ListenError where the port cannot be opened */
  static async start(options: DispatcherOptions): Promise<Dispatcher> {
    const dispatcher = new Dispatcher(options);
    try {
      dispatcher.#port = await listen(dispatcher.#server, dispatcher.host, options.config.port);
      dispatcher.#inside = await dispatcher.#openInside();
    } catch (error) {
      await dispatcher[Symbol.asyncDispose]();
      throw error;
    }
    // Accepting may fail later, where files run out; those who are connected must not suffer for it.
    dispatcher.#server.on("error", (error) => dispatcher.#log.error({ err: error }, "accepting a connection failed"));
    dispatcher.bridges.start();
    dispatcher.#log.info({ host: dispatcher.host, port: dispatcher.port }, "listening for browsers");
    return dispatcher;
  }

  private constructor(options: DispatcherOptions) {
    const { config, routes, log, now = () => performance.now(), random = Math.random } = options;
    this.config = config;
    this.now = now;
    this.random = random;
    this.#log = log.child({ component: "dispatcher" });
    this.faults = new FaultCounter(this.#log, now);
    this.deadlines = new Deadlines(config.exchangeTimeoutMs, now);
    this.#coalescer = new Coalescer(config.coalesceMs);
    this.bridges = new BridgeLinks({
      cluster: options.cluster ?? this.#clusterOf(options),
      routes,
      connect: options.connect ?? this.#connectByLink(options),
      coalescer: this.#coalescer,
      faults: this.faults,
      now,
      random,
      takeoverWaitMs: mayMove(options) ? config.takeoverWaitMs : 0,
      maxTakeoverBytes: config.maxTakeoverBytes,
      maxTicketBytes: mayMove(options) ? config.maxTicketBytes : 0,
    });
    this.#requests = new HttpTransports(this);
    this.#sockets = new WebSocketTier(this);
    this.#server = makeHttpServer({
      config,
      faults: this.faults,
      onBayeux: (request, response) => this.#requests.serve(request, response),
      onUpgrade: (request, socket, head) => this.#sockets.upgrade(request, socket, head),
      health: () => this.health(),
      iteration: () => ({ iteration: this.bridges.epoch, routes }),
      fallback: options.fallback ?? ((_, response) => refuse(response, 404, "Nothing is here; Bayeux is at /bayeux")),
      onError: (error) => this.#log.error({ err: error }, "request failed"),
    });
  }

  get host(): string {
    return this.config.host;
  }

  get port(): number {
    return this.#port;
  }

  /** Where apps are listened for; null where they are not. */
  get insidePort(): number | null {
    return this.#inside?.port ?? null;
  }

  get isDraining(): boolean {
    return this.#draining !== null;
  }

  /** What `/health` says. */
  health(): Health {
    const bridges = { up: this.bridges.up, of: this.bridges.of };
    if (this.isDraining) return { status: "draining", bridges };
    return { status: bridges.up > 0 ? "ok" : "starting", bridges };
  }

  /** Resolves when a bridge is up for every route. @throws Error where the dispatcher is stopped before that */
  ready(): Promise<void> {
    return this.bridges.ready();
  }

  /**
   * Stops in good order, within the configured time: no new connections, held polls are answered, requests under way
   * are waited for, sockets are closed at a pace that the other dispatchers can take, and then the links.
   */
  drain(): Promise<void> {
    this.#draining ??= this.#drain();
    return this.#draining;
  }

  [Symbol.asyncDispose](): Promise<void> {
    return this.drain();
  }

  async #drain(): Promise<void> {
    // So that `isDraining` is true before anything below asks for it.
    await Promise.resolve();
    const open = { requests: this.#requests.size, sockets: this.#sockets.size };
    this.#log.info(open, "draining");
    const { drainPerSecond, drainTimeoutMs } = this.config;
    const signal = AbortSignal.timeout(drainTimeoutMs);
    using pace = new Pace(drainPerSecond, this.now);
    const paced = this.#sockets.size + this.#requests.streams;
    if (pace.timeFor(paced) > drainTimeoutMs)
      this.#log.warn({ paced, drainPerSecond, drainTimeoutMs }, "too many to close in time at this rate");
    const closed = Promise.withResolvers<void>();
    this.#server.close(() => closed.resolve());
    await Promise.all([
      this.#requests.drain(pace, signal),
      this.#sockets.drain(pace, signal),
      this.#inside?.drain(signal),
    ]);
    while (this.#requests.size > 0 && !signal.aborted) await wait(POLL_MS);
    const left = { requests: this.#requests.size, sockets: this.#sockets.size };
    if (signal.aborted) this.#log.warn(left, "drain cut short");
    this.#requests[Symbol.dispose]();
    this.#sockets[Symbol.dispose]();
    this.#server.closeAllConnections();
    await this.bridges[Symbol.asyncDispose]();
    await closed.promise;
    this.#coalescer[Symbol.dispose]();
    this.deadlines[Symbol.dispose]();
    this.#log.info("stopped");
  }

  #openInside(): Promise<InsideListener | null> {
    const { config, bridges, faults, randomBytes } = this;
    const { requestTimeoutMs } = config;
    return InsideListener.start({
      config: config.inside,
      requestTimeoutMs,
      bridges,
      faults,
      log: this.#log,
      randomBytes,
    });
  }

  #clusterOf(options: DispatcherOptions): ClusterSource {
    const { config, routes } = options;
    if (!mayMove(options)) return fixedCluster(config.bridges, routes);
    const { secret, log, name = hostname(), link = linkSchema.parse({}) } = options;
    const member = { role: "dispatcher", instance: this.#instance, name } as const;
    const open = () => this.#requests.size + this.#sockets.size;
    const busy = busyMeter();
    const numbers = () => ({ connections: open(), sessions: 0, heard: 0, delivered: 0, busy: busy() });
    const shared = { faults: this.faults, randomBytes, random: this.random, numbers };
    return new HaloClient({ addresses: config.halod, member, routes, secret, log, link, ...shared });
  }

  #connectByLink(options: DispatcherOptions): ConnectBridge {
    const { config, routes, secret, log, name = hostname(), link = linkSchema.parse({}) } = options;
    // A number of bridges that may change is not to be compared: as many as there can be.
    const nodes = mayMove(options) ? routes : config.bridges.length;
    const peer = { role: "dispatcher", name, instance: this.#instance, routes, node: 0, nodes } as const;
    return connectByLink({ peer, secret, log, config: link, faults: this.faults, randomBytes, random: this.random });
  }
}

/** Whether bridges come and go. */
function mayMove({ cluster, config }: DispatcherOptions): boolean {
  return cluster !== undefined || config.halod.length > 0;
}
