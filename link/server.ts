import { once } from "node:events";
import { type AddressInfo, type Server, type Socket, createServer } from "node:net";
import type { Logger } from "pino";
import type { LinkConfig } from "./config.ts";
import { type LinkError, isPeerFault } from "./errors.ts";
import type { FaultCounter } from "./faults.ts";
import { FrameSocket } from "./frame-socket.ts";
import { Handshake } from "./handshake.ts";
import { ServerHello } from "./hello.ts";
import type { LinkOwner, Peer } from "./link.ts";
import { listen } from "./listen.ts";
import { SocketLink } from "./socket-link.ts";

export interface LinkServerOptions {
  readonly host: string;
  /** 0: any free port. */
  readonly port: number;
  /** Who we are: a bridge, or HaloD. */
  readonly peer: Peer;
  readonly secret: string;
  readonly owner: LinkOwner;
  readonly log: Logger;
  readonly faults: FaultCounter;
  readonly config: LinkConfig;
  /** Cryptographically random. */
  readonly randomBytes: (size: number) => Buffer;
}

/** The listening side of all links of a bridge or of HaloD: brings up one for each peer that proves itself. */
export class LinkServer implements AsyncDisposable {
  readonly #options: LinkServerOptions;
  readonly #log: Logger;
  readonly #server: Server;
  /** Every connection that is not closed yet. */
  readonly #sockets = new Set<FrameSocket>();
  /** Connections in their hello. */
  readonly #unproven = new Set<Handshake>();
  /** By the instance of the peer. */
  readonly #links = new Map<string, SocketLink>();
  #disposed: Promise<void> | null = null;

  private constructor(options: LinkServerOptions) {
    this.#options = options;
    this.#log = options.log;
    this.#server = createServer((socket) => {
      this.#accept(socket);
    });
  }

  /** @throws ListenError where the port cannot be opened */
  static async listen(options: LinkServerOptions): Promise<LinkServer> {
    const server = new LinkServer(options);
    await listen(server.#server, options.host, options.port);
    server.#server.on("error", (error) => {
      server.#log.error({ err: error }, "accepting a link failed");
    });
    return server;
  }

  /** The port that is listened on. */
  get port(): number {
    const address: AddressInfo | string | null = this.#server.address();
    if (address === null || typeof address === "string") throw new Error("the link server does not listen");
    return address.port;
  }

  /** Stops listening, lets each link write what waits, and closes it. Safe to call again. */
  async [Symbol.asyncDispose](): Promise<void> {
    await (this.#disposed ??= this.#close());
  }

  async #close(): Promise<void> {
    const closed = once(this.#server, "close");
    this.#server.close();
    const reason = `the ${this.#options.peer.role} stops`;
    for (const handshake of this.#unproven) handshake.close(reason);
    for (const link of this.#links.values()) link.end(reason);
    // The server's own event comes before those of its last sockets.
    await Promise.all([closed, ...[...this.#sockets].map((socket) => socket.closed)]);
  }

  #accept(raw: Socket): void {
    const { config, peer, secret, randomBytes } = this.#options;
    const remote = `${raw.remoteAddress}:${raw.remotePort}`;
    if (this.#unproven.size >= config.maxUnproven) {
      raw.destroy();
      this.#options.faults.count("link.busy", "connection dropped, too many are in their hello", { remote });
      return;
    }
    const handshake = new Handshake({
      hello: new ServerHello({ peer, secret, randomBytes, maxFrameBytes: config.maxFrameBytes }),
      timeoutMs: config.handshakeTimeoutMs,
      onPeer: (socket, other) => {
        this.#unproven.delete(handshake);
        this.#up(socket, other, remote);
      },
      onFailed: ({ code, message }) => {
        this.#unproven.delete(handshake);
        this.#options.faults.count(`link.${code}`, "link refused", { remote, reason: message });
      },
    });
    this.#unproven.add(handshake);
    const { highWaterBytes, maxQueuedBytes } = config;
    const socket = new FrameSocket({
      socket: raw,
      from: peer.role === "halod" ? "control" : "dispatcher",
      highWaterBytes,
      maxQueuedBytes,
      owner: handshake,
    });
    this.#sockets.add(socket);
    raw.once("close", () => this.#sockets.delete(socket));
    handshake.start(socket);
  }

  #up(socket: FrameSocket, peer: Peer, remote: string): void {
    const { heartbeatMs, deadAfterMs, maxFrameBytes } = this.#options.config;
    // A peer makes a new link when it has lost the old one, perhaps long before we notice.
    this.#links.get(peer.instance)?.closeNow(`a newer link of the same ${peer.role} replaces it`);
    socket.maxFrameBytes = maxFrameBytes;
    if (peer.role === "bridge") socket.from = "control";
    const onEnded = (ended: SocketLink, error: LinkError): void => {
      this.#ended(ended, error, remote);
    };
    const link = new SocketLink({ peer, socket, owner: this.#options.owner, heartbeatMs, deadAfterMs, onEnded });
    this.#links.set(peer.instance, link);
    this.#log.info({ peer: peer.name, instance: peer.instance, remote }, "link up");
    link.up();
  }

  #ended(link: SocketLink, { code, message }: LinkError, remote: string): void {
    const { name, instance } = link.peer;
    if (this.#links.get(instance) === link) this.#links.delete(instance);
    if (isPeerFault(code)) this.#options.faults.count(`link.${code}`, "link broken", { remote, reason: message });
    this.#log[this.#disposed || code === "goodbye" ? "info" : "warn"](
      { peer: name, instance, remote, reason: message },
      "link down",
    );
  }
}
