import { connect } from "node:net";
import type { Logger } from "pino";
import { Backoff } from "./backoff.ts";
import type { LinkConfig } from "./config.ts";
import { type LinkError, isPeerFault } from "./errors.ts";
import type { FaultCounter } from "./faults.ts";
import { FrameSocket } from "./frame-socket.ts";
import { Handshake } from "./handshake.ts";
import { ClientHello } from "./hello.ts";
import type { Link, LinkOwner, Peer } from "./link.ts";
import { SocketLink } from "./socket-link.ts";

/** A link that has been up for so long was a good one: the next wait is short again. */
const STABLE_MS = 5_000;

/** The path may be free again at once, so only these, which are made by people, wait longest from the first time. */
const CONFIGURED: ReadonlySet<string> = new Set(["version", "secret", "role", "routes", "nodes", "node", "limits"]);

export interface LinkClientOptions {
  readonly host: string;
  readonly port: number;
  /** Who we are: a dispatcher, a bridge that registers with HaloD or speaks to another bridge, or a standby of HaloD. */
  readonly peer: Peer;
  readonly secret: string;
  readonly owner: LinkOwner;
  readonly log: Logger;
  readonly faults: FaultCounter;
  readonly config: LinkConfig;
  /** Cryptographically random. */
  readonly randomBytes: (size: number) => Buffer;
  /** Uniform in [0, 1), for the waits between attempts. */
  readonly random: () => number;
  /** Who listens there; a bridge where it is left out. */
  readonly serverRole?: "bridge" | "halod";
  /** The number of the bridge that must answer there; unset where any will do. */
  readonly expectedNode?: number;
  /** Ends the client, as disposing of it does. */
  readonly signal?: AbortSignal;
}

/** The connecting side of one link: to a bridge or to HaloD, and again whenever the link is lost. */
export class LinkClient implements AsyncDisposable {
  readonly #options: LinkClientOptions;
  readonly #log: Logger;
  readonly #backoff: Backoff;
  #state: "idle" | "running" | "disposed" = "idle";
  #socket: FrameSocket | null = null;
  #handshake: Handshake | null = null;
  #link: SocketLink | null = null;
  /** Until the next attempt, or, while a link is up, until it counts as stable. */
  #timer: NodeJS.Timeout | null = null;
  #failure: LinkError | null = null;

  constructor(options: LinkClientOptions) {
    this.#options = options;
    this.#log = options.log.child({ [options.serverRole ?? "bridge"]: `${options.host}:${options.port}` });
    this.#backoff = new Backoff({ random: options.random });
  }

  /** The link, while one is up. */
  get link(): Link | null {
    return this.#link;
  }

  /** Why there is no link at the moment, as far as is known. */
  get failure(): LinkError | null {
    return this.#failure;
  }

  /** Begins to connect, once. */
  start(): void {
    const { signal } = this.#options;
    if (this.#state !== "idle" || signal?.aborted) return;
    this.#state = "running";
    signal?.addEventListener("abort", this.#stop, { once: true });
    this.#connect();
  }

  /** Lets the link write what waits, and closes it. Safe before `start`, and to call again. */
  async [Symbol.asyncDispose](): Promise<void> {
    this.#stop();
    await this.#socket?.closed;
  }

  readonly #stop = (): void => {
    if (this.#state === "disposed") return;
    this.#state = "disposed";
    this.#options.signal?.removeEventListener("abort", this.#stop);
    this.#clearTimer();
    const reason = `the ${this.#options.peer.role} stops`;
    this.#handshake?.close(reason);
    this.#link?.end(reason);
  };

  #connect(): void {
    const { host, port, config, peer, secret, randomBytes, expectedNode, serverRole = "bridge" } = this.#options;
    const { maxFrameBytes, highWaterBytes, maxQueuedBytes } = config;
    const handshake = new Handshake({
      hello: new ClientHello({ peer, secret, randomBytes, maxFrameBytes, serverRole, expectedNode }),
      timeoutMs: config.handshakeTimeoutMs,
      onPeer: (socket, server) => {
        this.#handshake = null;
        this.#up(socket, server);
      },
      onFailed: (error) => {
        this.#handshake = null;
        this.#onFailed(error);
      },
    });
    const raw = connect({ host, port });
    const from = serverRole === "halod" || peer.role === "bridge" ? "control" : "bridge";
    const socket = new FrameSocket({ socket: raw, from, highWaterBytes, maxQueuedBytes, owner: handshake });
    this.#handshake = handshake;
    this.#socket = socket;
    handshake.start(socket);
  }

  #up(socket: FrameSocket, server: Peer): void {
    const { owner, config } = this.#options;
    const { heartbeatMs, deadAfterMs, maxFrameBytes } = config;
    socket.maxFrameBytes = maxFrameBytes;
    const onEnded = (_: SocketLink, error: LinkError): void => {
      this.#onDown(server, error);
    };
    const link = new SocketLink({ peer: server, socket, owner, heartbeatMs, deadAfterMs, onEnded });
    this.#link = link;
    this.#failure = null;
    this.#timer = setTimeout(() => this.#backoff.reset(), STABLE_MS).unref();
    this.#log.info({ peer: server.name, node: server.node, instance: server.instance }, "link up");
    link.up();
  }

  #onDown(server: Peer, error: LinkError): void {
    this.#link = null;
    this.#failure = error;
    if (isPeerFault(error.code))
      this.#options.faults.count(`link.${error.code}`, "link broken", { reason: error.message });
    const detail = { peer: server.name, node: server.node, code: error.code, reason: error.message };
    this.#log[this.#state === "disposed" || error.code === "goodbye" ? "info" : "warn"](detail, "link down");
    this.#retry();
  }

  #onFailed(error: LinkError): void {
    const isNews = this.#failure?.message !== error.message || this.#failure.code !== error.code;
    this.#failure = error;
    if (this.#state === "disposed") return;
    // Told once: the same failure again is no news.
    if (isPeerFault(error.code))
      this.#options.faults.count(`link.${error.code}`, "hello broken", { reason: error.message });
    this.#log[isNews ? "warn" : "debug"]({ code: error.code, reason: error.message }, "no link, trying again");
    if (CONFIGURED.has(error.code)) this.#backoff.slowDown();
    this.#retry();
  }

  #retry(): void {
    this.#clearTimer();
    if (this.#state === "disposed") return;
    this.#timer = setTimeout(() => {
      this.#connect();
    }, this.#backoff.next()).unref();
  }

  #clearTimer(): void {
    if (this.#timer) clearTimeout(this.#timer);
    this.#timer = null;
  }
}
