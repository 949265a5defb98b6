import { randomBytes } from "node:crypto";
import { once } from "node:events";
import { createServer, isIP, type Server, type Socket } from "node:net";
import type { Logger } from "pino";
import type { Connection } from "./connection.ts";
import { attach } from "./interpreter.ts";
import { completeLimits, type Limits } from "./limits.ts";
import { Realm, type RealmCounters } from "./realm.ts";

/** How to start an embedded server. */
export interface EmbeddedIrcdOptions {
  /** A loopback address or `localhost`; 127.0.0.1 by default. */
  readonly host?: string;
  /** 6667 by default; 0 = any free port. */
  readonly port?: number;
  /** As it appears in the prefix of its replies. */
  readonly serverName?: string;
  readonly limits?: Partial<Limits>;
  readonly log: Logger;
  /** Milliseconds since 1970. */
  readonly now?: () => number;
  /** Gives the msgid of each message: unique for all time, without spaces and semicolons. */
  readonly newId?: () => string;
}

/** Connections over the limit that may wait to be told so; further ones are closed without a word. */
const REFUSAL_ROOM = 64;
/** How long clients have to take the last line when the server shuts down. */
const FAREWELL_MS = 500;

/** A small IRC server on loopback, for development and demonstration. */
export class EmbeddedIrcd implements AsyncDisposable {
  readonly host: string;
  readonly port: number;
  readonly #server: Server;
  readonly #realm: Realm;
  readonly #log: Logger;
  readonly #sockets = new Map<Socket, Connection>();
  readonly #sweepTimer: NodeJS.Timeout;
  #disposal: Promise<void> | undefined;

  /** @throws Error when the address is not loopback, or cannot be listened on; it says what to do */
  static async start(options: EmbeddedIrcdOptions): Promise<EmbeddedIrcd> {
    const { host = "127.0.0.1", port = 6667, serverName = "tailspin.localhost", now = Date.now } = options;
    if (!isLoopback(host)) {
      throw new Error(`the embedded IRC server is for development and listens on loopback only, not on ${host}`);
    }
    if (!/^[A-Za-z0-9.-]{1,63}$/.test(serverName)) throw new Error(`${serverName} cannot be an IRC server's name`);
    const limits = completeLimits(options.limits);
    const log = options.log.child({ component: "embedded-ircd" });
    const realm = new Realm({ serverName, limits, log, now, newId: options.newId ?? createIds() });
    // Half-open, so that a peer which has sent its last line (`nc -q`) still gets its answers.
    const server = createServer({ allowHalfOpen: true, noDelay: true });
    server.maxConnections = limits.maxConnections + REFUSAL_ROOM;
    await listen(server, host, port);
    return new EmbeddedIrcd(server, realm);
  }

  private constructor(server: Server, realm: Realm) {
    const address = server.address();
    if (address === null || typeof address === "string") throw new Error("the server does not listen on a port");
    this.host = address.address;
    this.port = address.port;
    this.#server = server;
    this.#realm = realm;
    this.#log = realm.log;
    server.on("connection", (socket) => this.#accept(socket));
    server.on("error", (error) => this.#log.warn({ err: error }, "accepting an irc client failed"));
    this.#sweepTimer = setInterval(() => this.#sweep(), realm.limits.sweepMs).unref();
    const { host, port } = this;
    this.#log.info({ host, port }, "embedded irc server listening, on loopback, for development and demonstration");
  }

  /** Connected clients, registered or not. */
  get clients(): number {
    return this.#realm.clients.size;
  }

  /** What was refused or cut off since the start. */
  get counters(): Readonly<RealmCounters> {
    return this.#realm.counters;
  }

  /** Says `ERROR :Server shutting down` to everybody, and closes. Safe twice. */
  [Symbol.asyncDispose](): Promise<void> {
    return (this.#disposal ??= this.#dispose());
  }

  #accept(socket: Socket): void {
    const realm = this.#realm;
    const isFull = realm.clients.size >= realm.limits.maxConnections;
    const connection = attach(realm, socket);
    this.#sockets.set(socket, connection);
    socket.on("data", (bytes: Buffer) => connection.receive(bytes));
    socket.on("drain", () => connection.drained());
    socket.on("end", () => connection.peerEnded());
    socket.on("error", (error) => this.#log.debug({ err: error }, "irc connection failed"));
    socket.on("close", (hadError) => {
      this.#sockets.delete(socket);
      connection.end(hadError ? "Connection reset" : "Connection closed");
    });
    if (isFull) {
      realm.counters.connectionsRefused += 1;
      this.#log.warn({ clients: realm.clients.size - 1 }, "irc connection refused, too many");
      connection.end("Too many connections");
    }
  }

  #sweep(): void {
    this.#realm.sweep();
    const now = this.#realm.now();
    for (const [socket, { closedMs }] of this.#sockets) {
      if (closedMs !== null && now - closedMs >= this.#realm.limits.closeTimeoutMs) socket.destroy();
    }
  }

  async #dispose(): Promise<void> {
    clearInterval(this.#sweepTimer);
    const closed = once(this.#server, "close");
    this.#server.close();
    for (const client of this.#realm.clients) this.#realm.quit(client, "Server shutting down");
    const timer = setTimeout(() => {
      for (const socket of this.#sockets.keys()) socket.destroy();
    }, FAREWELL_MS).unref();
    await closed;
    clearTimeout(timer);
    this.#log.info({ ...this.#realm.counters }, "embedded irc server stopped");
  }
}

async function listen(server: Server, host: string, port: number): Promise<void> {
  server.listen(port, host);
  try {
    await once(server, "listening");
  } catch (error) {
    throw new Error(describeListenFault(error, host, port), { cause: error });
  }
}

function describeListenFault(error: unknown, host: string, port: number): string {
  const code = error instanceof Error && "code" in error ? String(error.code) : String(error);
  const remedy = "choose another port with --irc-port (0 = any free port)";
  if (code === "EADDRINUSE")
    return `port ${port} on ${host} is already in use, perhaps by another IRC server: ${remedy}`;
  if (code === "EACCES") return `port ${port} on ${host} may not be opened by this user: ${remedy}`;
  return `cannot listen on ${host} port ${port} (${code}): ${remedy}`;
}

function isLoopback(host: string): boolean {
  return host === "localhost" || host === "::1" || (isIP(host) === 4 && host.startsWith("127."));
}

/** A random stem for this process and a number: unique, short, and cheap. */
function createIds(): () => string {
  const stem = randomBytes(9).toString("base64url");
  let count = 0;
  return () => `${stem}-${(count++).toString(36)}`;
}
