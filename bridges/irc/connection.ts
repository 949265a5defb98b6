import { Client, type Message } from "irc-framework";
import type { Logger } from "pino";
import { Backoff, type FaultCounter } from "../../link/index.ts";
import { NetworkError } from "../network.ts";
import { pause } from "../pause.ts";
import type { IrcConfig } from "./config.ts";
import { explain, type Ending } from "./endings.ts";
import type { IrcLine } from "./irc-line.ts";
import { MultilineBatches } from "./multiline-batches.ts";
import { OurNick } from "./our-nick.ts";
import { Pings } from "./pings.ts";
import { clientOptions, Registration, type Visitor } from "./registration.ts";
import { tlsSettings } from "./tls.ts";
import { LineTransport } from "./transport.ts";

/** Who uses a connection. */
export interface ConnectionOwner {
  /** Registered, and everything the server says of itself has arrived. */
  onRegistered(connection: Connection): void;
  onLine(connection: Connection, line: IrcLine): void;
  /** Lost, or not reached. Connecting again waits for the promise. */
  onDown(connection: Connection, ending: Ending): Promise<void> | void;
}

/** What a connection is made of. */
export interface ConnectionParts {
  readonly config: IrcConfig & { readonly host: string };
  readonly nicks: readonly string[];
  readonly realName?: string;
  /** Told to the server by WEBIRC, where the connection is a visitor's own and `irc.webirc` has a password. */
  readonly visitor?: Visitor;
  /** Our user name, asked for each time; else it is the usual one. */
  readonly user?: () => string;
  readonly owner: ConnectionOwner;
  readonly log: Logger;
  readonly faults: FaultCounter;
  readonly now: () => number;
  readonly random: () => number;
}

/** Left to irc-framework: negotiation, registration, what the server supports, PING, and our nick. */
const HANDLED_BY_LIBRARY = new Set(["CAP", "AUTHENTICATE", "903", "001", "005", "PING", "NICK"]);
const STABLE_AFTER_MS = 10_000;

/** One connection to the server, which comes back by itself until it is closed. */
export class Connection {
  readonly #parts: ConnectionParts;
  readonly #backoff: Backoff;
  readonly #closing = new AbortController();
  readonly #nick: OurNick;
  readonly #pings = new Pings();
  #client: Client | null = null;
  #registration: Registration | null = null;
  #isRegistered = false;
  #multiline = new MultilineBatches(0);
  #lastHeardMs = 0;
  #registeredMs = 0;
  #reason = "";
  #code: string | null = null;
  #running: Promise<void> | null = null;

  constructor(parts: ConnectionParts) {
    this.#parts = parts;
    const { config, nicks: candidates, log, now, random } = parts;
    const { reconnectMinMs, reconnectMaxMs } = config;
    this.#nick = new OurNick({ config, candidates, log, now, random });
    this.#backoff = new Backoff({ baseMs: reconnectMinMs, capMs: reconnectMaxMs, random });
  }

  get isRegistered(): boolean {
    return this.#isRegistered;
  }

  /** Our present nick, as the server spells it. */
  get nick(): string {
    return this.#nick.value;
  }

  get foldedNick(): string {
    return this.#nick.folded;
  }

  /** The name of the server that we are connected to. */
  get server(): string {
    return this.#client?.network.server ?? "";
  }

  start(): void {
    this.#running ??= this.#run();
  }

  /** True when the server lets us send this client tag. */
  allowsTag(name: string): boolean {
    return this.#client?.network.supportsTag(name) ?? false;
  }

  /** What the server says about a capability, `""` for nothing; null where it was not negotiated. */
  capability(name: string): string | null {
    const cap = this.#client?.network.cap;
    return cap?.isEnabled(name) === true ? (cap.available.get(name) ?? "") : null;
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

  /** @throws NetworkError `unavailable` while not registered, `refused` for what is not one line */
  send(line: string): void {
    if (/[\r\n\0]/.test(line)) throw new NetworkError("refused", "line breaks and NUL cannot be sent");
    if (!this.#isRegistered) throw new NetworkError("unavailable", "not connected");
    // The library's own way costs more than all the rest of sending.
    const transport = this.#client?.connection.transport;
    if (transport instanceof LineTransport) transport.write(line);
  }

  /** Resolves when the server has handled everything sent before. @throws NetworkError `unavailable` */
  ping(): Promise<void> {
    const client = this.#client;
    if (client === null || !this.#isRegistered) return Promise.reject(new NetworkError("unavailable", "not connected"));
    return this.#pings.ask((line) => client.raw(line));
  }

  /** Ends this connection; the loop connects again. */
  reset(reason: string, code: string | null = null): void {
    this.#note(reason, code);
    this.#client?.connection.end(null, true);
  }

  /** Says QUIT and stays away. */
  async close(farewell = "bridge stopped"): Promise<void> {
    this.#closing.abort();
    if (this.#isRegistered) this.#client?.connection.end(`QUIT :${farewell}`);
    else this.#client?.connection.end(null, true);
    const deadline = setTimeout(() => this.reset("closed"), 1_000);
    await this.#running;
    clearTimeout(deadline);
  }

  async #run(): Promise<void> {
    const { config, owner, random } = this.#parts;
    while (!this.#closing.signal.aborted) {
      const { reason, code } = await this.#connectOnce();
      const wasStable = this.#isRegistered && this.#parts.now() - this.#registeredMs > STABLE_AFTER_MS;
      // A server that throws us out again and again is not asked faster for letting us in.
      if (wasStable) this.#backoff.reset();
      this.#isRegistered = false;
      this.#pings.fail(reason);
      const ending = explain(reason, code, wasStable);
      await owner.onDown(this, ending);
      // A wrong password is not hammered: many servers ban for that.
      const waitMs = ending.isRefusal ? config.refusedIntervalMs * (0.5 + random() / 2) : this.#backoff.next();
      await pause(waitMs, this.#closing.signal);
    }
  }

  /** @returns why the connection ended */
  async #connectOnce(): Promise<{ reason: string; code: string | null }> {
    const { config, nicks, realName = "TailSpin bridge", faults, now } = this.#parts;
    this.#reason = "";
    this.#code = null;
    this.#nick.set("");
    this.#lastHeardMs = now();
    let security;
    try {
      security = tlsSettings(config);
    } catch (error) {
      return { reason: error instanceof Error ? error.message : String(error), code: "FILE" };
    }
    // A new client each time: what the last server told of itself must not outlive the connection.
    const client = new Client();
    this.#client = client;
    this.#multiline = new MultilineBatches(config.maxMessageBytes);
    this.#registration = new Registration(client, {
      config,
      nicks,
      visitor: this.#parts.visitor ?? null,
      fail: (reason, code) => this.reset(reason, code),
      note: (reason, code) => this.#note(reason, code),
      log: this.#parts.log,
    });
    client.raw_middleware.use((_command, message, _rawLine, _client, next) => this.#onMessage(client, message, next));
    client.connection.on("bad line", (error) => {
      const reason = error instanceof Error ? error.message : String(error);
      faults.count("irc.badLine", "line from the server not understood", { host: config.host, reason });
    });
    const closed = new Promise<unknown>((resolve) => client.on("socket close", resolve));
    const watch = this.#watch();
    client.connect({
      ...clientOptions(config, nicks[0] ?? config.nick, realName, this.#parts.user?.()),
      security,
      onPrivmsg: (line: IrcLine) => this.#onPrivmsg(client, line),
      transport: LineTransport,
    });
    const error = await closed;
    clearInterval(watch);
    client.removeAllListeners();
    this.#client = null;
    if (this.#reason !== "") return { reason: this.#reason, code: this.#code };
    if (!(error instanceof Error)) return { reason: "the server closed the connection", code: null };
    return { reason: error.message, code: "code" in error ? String(error.code) : null };
  }

  /** The first thing that is said about an end is the one that explains it. */
  #note(reason: string, code: string | null): void {
    if (this.#reason !== "") return;
    this.#reason = reason;
    this.#code = code;
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
        if (nowMs - startedMs >= config.registrationTimeoutMs) this.#giveUp();
      } else if (nowMs - this.#lastHeardMs >= config.deadAfterMs) this.reset("the server fell silent");
      else this.#client?.raw("PING :alive");
      const nick = this.#isRegistered ? this.#nick.due(nowMs) : null;
      if (nick !== null) this.#client?.raw(`NICK ${nick}`);
    }, intervalMs);
    return timer.unref();
  }

  /** The time for registering is over. */
  #giveUp(): void {
    if (this.#client?.connection.connected === true) this.reset("the server did not register us in time");
    else if (this.#parts.config.tls) this.reset("no TLS connection came about in time", "NO_TLS");
    else this.reset("no connection came about in time", "ETIMEDOUT");
  }

  /** What people say means nothing to the library once we are registered. */
  #onPrivmsg(client: Client, line: IrcLine): boolean {
    if (client !== this.#client || !this.#isRegistered) return false;
    this.#lastHeardMs = this.#parts.now();
    this.#handOver(line);
    return true;
  }

  #onMessage(client: Client, message: Message, next: () => void): void {
    if (client !== this.#client) return;
    this.#lastHeardMs = this.#parts.now();
    const { command, params } = message;
    // The library fails on a CAP line without a list.
    if (HANDLED_BY_LIBRARY.has(command) && (command !== "CAP" || params.length >= 3)) next();
    if (command === "PONG") this.#pings.onPong(params.at(-1) ?? "");
    else if (command === "ERROR") this.#note(params.at(-1) ?? "", null);
    else if (command === "KILL" && this.#nick.is(params[0] ?? "")) {
      this.#note(`killed by ${message.nick || message.prefix}: ${params.at(-1) ?? ""}`, "KILL");
    } else if (command === "001" && params[0] !== undefined && this.#nick.value === "")
      this.#onWelcome(client, params[0]);
    else if (!this.#isRegistered) this.#registration?.onLine(message);
    else if (!this.#nick.isRefusal(command)) {
      if (command === "NICK") this.#nick.onNick(message.nick, params[0] ?? "");
      this.#handOver(message);
    }
  }

  #handOver(message: Message): void {
    const line = this.#multiline.take(message);
    if (line === null) return;
    try {
      this.#parts.owner.onLine(this, line);
    } catch (error) {
      // The library would print it and go on; no line from a server may end the process.
      this.#parts.log.error({ err: error, command: message.command }, "line from the server not handled");
    }
  }

  #onWelcome(client: Client, nick: string): void {
    if (this.#registration?.onWelcome(nick) === false) return;
    this.#nick.set(nick);
    // The answer comes after everything that the server tells newcomers.
    this.#pings
      .ask((line) => client.raw(line))
      .then(
        () => {
          this.#isRegistered = true;
          this.#registeredMs = this.#parts.now();
          this.#parts.owner.onRegistered(this);
        },
        (error: unknown) => this.#parts.log.debug({ err: error }, "lost while registering"),
      );
  }
}
