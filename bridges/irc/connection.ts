import { Client, type Message } from "irc-framework";
import type { Logger } from "pino";
import { Backoff, type FaultCounter } from "../../link/index.ts";
import { NetworkError } from "../network.ts";
import type { IrcConfig } from "./config.ts";
import { LineTransport } from "./transport.ts";

/** A line from the server, parsed. */
export type IrcLine = Message;

/** Who uses a connection. */
export interface ConnectionOwner {
  /** Registered, and everything the server says of itself has arrived. */
  onRegistered(connection: Connection): void;
  onLine(connection: Connection, line: IrcLine): void;
  /** Lost, or not reached. Connecting again waits for the promise. */
  onDown(connection: Connection, reason: string): Promise<void> | void;
}

/** What a connection is made of. */
export interface ConnectionParts {
  readonly config: IrcConfig & { readonly host: string };
  readonly nicks: readonly string[];
  readonly owner: ConnectionOwner;
  readonly log: Logger;
  readonly faults: FaultCounter;
  readonly now: () => number;
  readonly random: () => number;
}

/** Left to irc-framework: negotiation, registration, what the server supports, PING, and our nick. */
const HANDLED_BY_LIBRARY = new Set(["CAP", "AUTHENTICATE", "001", "005", "PING", "NICK"]);
const USERNAME = "tailspin";
const MAX_PINGS = 1_000;
const STABLE_AFTER_MS = 10_000;

interface Waiter {
  resolve(): void;
  reject(error: Error): void;
}

/** One connection to the server, which comes back by itself until it is closed. */
export class Connection {
  readonly #parts: ConnectionParts;
  readonly #backoff: Backoff;
  readonly #closing = new AbortController();
  readonly #pings = new Map<string, Waiter>();
  #client: Client | null = null;
  #isRegistered = false;
  #nick = "";
  #nickIndex = 0;
  #lastHeardMs = 0;
  #registeredMs = 0;
  #pingCount = 0;
  #reason = "";
  #running: Promise<void> | null = null;

  constructor(parts: ConnectionParts) {
    this.#parts = parts;
    const { reconnectMinMs, reconnectMaxMs } = parts.config;
    this.#backoff = new Backoff({ baseMs: reconnectMinMs, capMs: reconnectMaxMs, random: parts.random });
  }

  get isRegistered(): boolean {
    return this.#isRegistered;
  }

  /** Our present nick, as the server spells it. */
  get nick(): string {
    return this.#nick;
  }

  start(): void {
    this.#running ??= this.#run();
  }

  /** True when the server lets us send this client tag. */
  allowsTag(name: string): boolean {
    return this.#client?.network.supportsTag(name) ?? false;
  }

  /** True when this capability was negotiated. */
  hasCapability(name: string): boolean {
    return this.#client?.network.cap.isEnabled(name) ?? false;
  }

  /** What the server told of itself at registration (005), as irc-framework reads it; undefined for what it did not tell. */
  option(name: string): unknown {
    return this.#client?.network.options[name];
  }

  /** A number that the server told at registration, e.g. `CHANNELLEN`. */
  limit(name: string): number | null {
    const told = Number(this.#client?.network.options[name]);
    return Number.isInteger(told) && told > 0 ? told : null;
  }

  /** Signs of rank before nicks in NAMES. */
  get rankSigns(): string {
    const ranks = this.#client?.network.options["PREFIX"];
    if (!Array.isArray(ranks)) return "~&@%+";
    return ranks.map((rank: { symbol?: unknown }) => String(rank.symbol)).join("");
  }

  /** @throws NetworkError `unavailable` while not registered, `refused` for what is not one line */
  send(line: string): void {
    if (/[\r\n\0]/.test(line)) throw new NetworkError("refused", "line breaks and NUL cannot be sent");
    if (!this.#isRegistered) throw new NetworkError("unavailable", "not connected");
    this.#client?.raw(line);
  }

  /** Resolves when the server has handled everything sent before. @throws NetworkError `unavailable` */
  ping(): Promise<void> {
    if (this.#client === null || !this.#isRegistered || this.#pings.size >= MAX_PINGS) {
      return Promise.reject(new NetworkError("unavailable", "not connected"));
    }
    return this.#ping(this.#client);
  }

  /** Ends this connection; the loop connects again. */
  reset(reason: string): void {
    this.#reason ||= reason;
    this.#client?.connection.end(null, true);
  }

  /** Says QUIT and stays away. */
  async close(): Promise<void> {
    this.#closing.abort();
    if (this.#isRegistered) this.#client?.connection.end("QUIT :bridge stopped");
    else this.#client?.connection.end(null, true);
    const deadline = setTimeout(() => this.reset("closed"), 1_000);
    await this.#running;
    clearTimeout(deadline);
  }

  async #run(): Promise<void> {
    const { owner } = this.#parts;
    while (!this.#closing.signal.aborted) {
      const reason = await this.#connectOnce();
      // A server that throws us out again and again is not asked faster for letting us in.
      if (this.#isRegistered && this.#parts.now() - this.#registeredMs > STABLE_AFTER_MS) this.#backoff.reset();
      this.#isRegistered = false;
      for (const waiter of this.#pings.values()) waiter.reject(new NetworkError("unavailable", reason));
      this.#pings.clear();
      await owner.onDown(this, reason);
      await pause(this.#backoff.next(), this.#closing.signal);
    }
  }

  /** @returns why the connection ended */
  async #connectOnce(): Promise<string> {
    const { config, nicks, faults, now } = this.#parts;
    this.#reason = "";
    this.#nick = "";
    this.#nickIndex = 0;
    this.#lastHeardMs = now();
    // A new client each time: what the last server told of itself must not outlive the connection.
    const client = new Client();
    this.#client = client;
    // With it a server leaves out its own replay at a JOIN, so that whatever it sends of old is an answer.
    client.requestCap("draft/chathistory");
    client.raw_middleware.use((_command, message, _rawLine, _client, next) => this.#onMessage(client, message, next));
    client.connection.on("bad line", (error) => {
      const reason = error instanceof Error ? error.message : String(error);
      faults.count("irc.badLine", "line from the server not understood", { host: config.host, reason });
    });
    const closed = new Promise<unknown>((resolve) => client.on("socket close", resolve));
    const watch = this.#watch();
    client.connect({
      host: config.host,
      port: config.port,
      tls: config.tls,
      rejectUnauthorized: true,
      nick: nicks[0] ?? config.nick,
      username: USERNAME,
      gecos: "TailSpin bridge",
      ...(config.password === undefined ? {} : { password: config.password }),
      account: {}, // Else the library takes the server's password for a SASL one.
      version: "",
      auto_reconnect: false, // It gives up after a first refused connection.
      ping_interval: 0,
      ping_timeout: 0,
      transport: LineTransport,
    });
    const error = await closed;
    clearInterval(watch);
    client.removeAllListeners();
    this.#client = null;
    return this.#reason || (error instanceof Error ? error.message : "the server closed the connection");
  }

  /** Registration within its time; then PING, and an end to silence. */
  #watch(): NodeJS.Timeout {
    const { config, now } = this.#parts;
    const startedMs = now();
    let lastTickMs = startedMs;
    const intervalMs = Math.min(config.pingIntervalMs, config.registrationTimeoutMs);
    const timer = setInterval(() => {
      const nowMs = now();
      // We stood still ourselves: what the server said meanwhile is still to be read.
      if (nowMs - lastTickMs > 2 * intervalMs) this.#lastHeardMs = nowMs;
      lastTickMs = nowMs;
      if (!this.#isRegistered) {
        if (nowMs - startedMs >= config.registrationTimeoutMs) this.reset("the server did not register us in time");
      } else if (nowMs - this.#lastHeardMs >= config.deadAfterMs) this.reset("the server fell silent");
      else this.#client?.raw("PING :alive");
    }, intervalMs);
    return timer.unref();
  }

  #onMessage(client: Client, message: Message, next: () => void): void {
    if (client !== this.#client) return;
    this.#lastHeardMs = this.#parts.now();
    const { command, params } = message;
    // The library fails on a CAP line without a list.
    if (HANDLED_BY_LIBRARY.has(command) && (command !== "CAP" || params.length >= 3)) next();
    if (command === "PONG") this.#onPong(params.at(-1) ?? "");
    else if (command === "ERROR") this.#reason ||= params.at(-1) ?? "";
    else if (command === "001" && params[0] !== undefined && this.#nick === "") this.#onWelcome(client, params[0]);
    else if (!this.#isRegistered) this.#onBeforeRegistration(client, command, params.at(-1) ?? "");
    else {
      if (command === "NICK" && message.nick === this.#nick) this.#nick = params[0] ?? this.#nick;
      this.#handOver(message);
    }
  }

  #handOver(message: Message): void {
    try {
      this.#parts.owner.onLine(this, message);
    } catch (error) {
      // The library would print it and go on; no line from a server may end the process.
      this.#parts.log.error({ err: error, command: message.command }, "line from the server not handled");
    }
  }

  #onBeforeRegistration(client: Client, command: string, words: string): void {
    // In use, collision, unavailable, or not allowed (too long, perhaps): the next one may do.
    if (!["432", "433", "436", "437"].includes(command)) {
      if (["464", "465"].includes(command)) this.#reason ||= words;
      return;
    }
    this.#nickIndex += 1;
    const nick = this.#parts.nicks[this.#nickIndex];
    if (nick === undefined) this.reset(`no nick is free or allowed: ${words}`);
    else client.raw(`NICK ${nick}`);
  }

  #onWelcome(client: Client, nick: string): void {
    this.#nick = nick;
    // The answer comes after everything that the server tells newcomers.
    this.#ping(client).then(
      () => {
        this.#isRegistered = true;
        this.#registeredMs = this.#parts.now();
        this.#parts.owner.onRegistered(this);
      },
      (error: unknown) => this.#parts.log.debug({ err: error }, "lost while registering"),
    );
  }

  #ping(client: Client): Promise<void> {
    this.#pingCount += 1;
    const token = `t${this.#pingCount}`;
    return new Promise((resolve, reject) => {
      this.#pings.set(token, { resolve, reject });
      client.raw(`PING :${token}`);
    });
  }

  #onPong(token: string): void {
    const waiter = this.#pings.get(token);
    this.#pings.delete(token);
    waiter?.resolve();
  }
}

function pause(delayMs: number, signal: AbortSignal): Promise<void> {
  return new Promise((resolve) => {
    if (signal.aborted) return resolve();
    const timer = setTimeout(resolve, delayMs);
    timer.unref();
    signal.addEventListener("abort", () => (clearTimeout(timer), resolve()), { once: true });
  });
}
