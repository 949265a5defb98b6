import { readFile } from "node:fs/promises";
import { xml, type Element } from "@xmpp/client";
import type { Logger } from "pino";
import { Backoff } from "../../link/index.ts";
import { NetworkError } from "../network.ts";
import { pause } from "../pause.ts";
import type { Account, XmppConfig } from "./config.ts";
import { makeEntity } from "./fixes.ts";
import { Requests } from "./requests.ts";
import { XmppSocket } from "./socket.ts";
import { cleanXml, NS } from "./stanzas.ts";

/** Who uses a connection. */
export interface ConnectionOwner {
  onOnline(): void;
  /** A message or a presence. */
  onStanza(stanza: Element): void;
  /** Lost, or not reached. */
  onDown(reason: string): void;
}

/** What a connection is made of. */
export interface ConnectionParts {
  readonly config: XmppConfig;
  readonly account: Account;
  /** The bridge's number; the server ends an older connection of the same. */
  readonly node: number;
  readonly owner: ConnectionOwner;
  readonly log: Logger;
  /** Milliseconds. */
  readonly now: () => number;
  readonly random: () => number;
}

const STABLE_AFTER_MS = 10_000;
const CLOSE_MS = 1_000;

/** One stream to the server, which comes back by itself until it is closed. */
export class Connection {
  readonly #parts: ConnectionParts;
  readonly #backoff: Backoff;
  readonly #closing = new AbortController();
  readonly #requests: Requests;
  #socket: XmppSocket | null = null;
  #address = "";
  #isOnline = false;
  #lastHeardMs = 0;
  #onlineMs = 0;
  #reason = "";
  #running: Promise<void> | null = null;

  constructor(parts: ConnectionParts) {
    this.#parts = parts;
    const { reconnectMinMs, reconnectMaxMs } = parts.config;
    this.#backoff = new Backoff({ baseMs: reconnectMinMs, capMs: reconnectMaxMs, random: parts.random });
    this.#requests = new Requests(parts.config, parts.account.domain, parts.random);
  }

  get isOnline(): boolean {
    return this.#isOnline;
  }

  /** Our full JID; empty before the first login. */
  get address(): string {
    return this.#address;
  }

  start(): void {
    this.#running ??= this.#run();
  }

  /** An id for a stanza; nobody can guess it who has not seen an earlier one. */
  nextId(): string {
    return this.#requests.nextId();
  }

  /** @throws NetworkError `unavailable` while not online */
  send(stanza: Element): void {
    if (!this.#isOnline) throw new NetworkError("unavailable", "not connected to the XMPP server");
    this.sendText(this.serialize(stanza));
  }

  /** The bytes of a stanza of ours. */
  serialize(stanza: Element): string {
    if (this.#parts.account.type === "component") stanza.attrs["from"] ??= this.#address;
    // A server ends the stream of whoever sends what is not XML, and some of it is what browsers wrote.
    return cleanXml(stanza.toString());
  }

  /** @param text what `serialize` has made */
  sendText(text: string): void {
    this.#socket?.write(text);
  }

  /**
   * Asks, and waits for the answer, which comes from the one who was asked.
   *
   * @param child of the `iq`
   * @throws NetworkError `unavailable`; RequestError with the answer when it is an error
   */
  async request(type: "get" | "set", to: string, child: Element, timeoutMs?: number): Promise<Element> {
    if (!this.#isOnline) throw new NetworkError("unavailable", "not connected to the XMPP server");
    const id = this.nextId();
    const answer = this.#requests.wait(id, to, timeoutMs);
    this.send(xml("iq", { type, to, id }, child));
    return answer;
  }

  /** Ends this stream; the loop connects again. */
  reset(reason: string): void {
    this.#reason ||= reason;
    this.#socket?.destroy();
  }

  /** Says goodbye and stays away. */
  async close(): Promise<void> {
    this.#closing.abort();
    if (this.#isOnline) {
      this.#socket?.write("</stream:stream>");
      this.#socket?.end();
    } else this.reset("closed");
    const deadline = setTimeout(() => this.reset("closed"), CLOSE_MS);
    await this.#running;
    clearTimeout(deadline);
  }

  async #run(): Promise<void> {
    const { owner, now } = this.#parts;
    while (!this.#closing.signal.aborted) {
      const reason = await this.#connectOnce();
      // A server that throws us out again and again is not asked faster for letting us in.
      if (this.#isOnline && now() - this.#onlineMs > STABLE_AFTER_MS) this.#backoff.reset();
      this.#isOnline = false;
      this.#requests.clear(reason);
      owner.onDown(reason);
      await pause(this.#backoff.next(), this.#closing.signal);
    }
  }

  /** @returns why the connection ended */
  async #connectOnce(): Promise<string> {
    const { config, account, node, log, random } = this.#parts;
    this.#reason = "";
    let ca: string | undefined;
    try {
      ca = config.caFile === undefined ? undefined : await readFile(config.caFile, "utf8");
    } catch (error) {
      return `caFile cannot be read: ${messageOf(error)}`;
    }
    if (this.#closing.signal.aborted) return "closed";
    const { host, port, domain } = account;
    const { tls, maxReceivedBytes, allowPlainWithoutTls, connectTimeoutMs } = config;
    const socket = new XmppSocket({ host, port, domain, tls, ca, maxReceivedBytes });
    this.#socket = socket;
    const closed = new Promise<void>((resolve) => socket.once("close", () => resolve()));
    // A new one each time: nothing that belongs to the last stream may outlive it.
    const entity = makeEntity({
      account,
      // Of its own: what the server still has to end of the last stream must not throw this one out of its rooms.
      resource: `tailspin-${node}-${random().toString(36).slice(2, 10)}`,
      socket,
      timeoutMs: connectTimeoutMs,
      allowPlainWithoutTls,
      onStanza: (stanza) => this.#onStanza(stanza),
      onError: (error) => {
        this.#reason ||= error.message;
        log.debug({ err: error }, "stream failed");
      },
    });
    socket.on("error", (error: Error) => (this.#reason ||= error.message));
    const watch = this.#watch();
    entity.start().then(
      (address) => this.#onOnline(address),
      (error: unknown) => {
        this.#reason ||= messageOf(error);
        socket.destroy();
      },
    );
    await closed;
    clearInterval(watch);
    this.#socket = null;
    const reason = this.#reason || "the server closed the connection";
    entity.abandon(reason);
    return reason;
  }

  /** Logging in within its time; then pings, and an end to silence. */
  #watch(): NodeJS.Timeout {
    const { config, account, now } = this.#parts;
    const startedMs = now();
    let lastTickMs = startedMs;
    this.#lastHeardMs = startedMs;
    const intervalMs = Math.min(config.pingIntervalMs, config.connectTimeoutMs);
    const timer = setInterval(() => {
      const nowMs = now();
      // We stood still ourselves: what the server said meanwhile is still to be read.
      if (nowMs - lastTickMs > 2 * intervalMs) this.#lastHeardMs = nowMs;
      lastTickMs = nowMs;
      if (!this.#isOnline) {
        if (nowMs - startedMs >= config.connectTimeoutMs) this.reset("the server did not let us log in in time");
      } else if (nowMs - this.#lastHeardMs >= config.deadAfterMs) this.reset("the server fell silent");
      else this.sendText(this.serialize(pingOf(account.domain, this.nextId()))); // An error is an answer as well.
    }, intervalMs);
    return timer.unref();
  }

  #onOnline(address: string): void {
    const { account, node, now, owner } = this.#parts;
    if (this.#socket === null) return;
    this.#address = account.type === "user" ? address : `tailspin-${node}@${account.component}/tailspin`;
    this.#isOnline = true;
    this.#onlineMs = now();
    // Logging in took its time, without a stanza.
    this.#lastHeardMs = this.#onlineMs;
    owner.onOnline();
  }

  #onStanza(stanza: Element): void {
    this.#lastHeardMs = this.#parts.now();
    try {
      if (stanza.name !== "iq") this.#parts.owner.onStanza(stanza);
      else if (!this.#requests.onAnswer(stanza)) this.#onQuestion(stanza);
    } catch (error) {
      // No stanza from a server may end the process.
      this.#parts.log.error({ err: error, stanza: stanza.name }, "stanza from the server not handled");
    }
  }

  /** RFC 6120 §8.2.3: every question gets an answer. */
  #onQuestion(iq: Element): void {
    const { from, id, type } = iq.attrs;
    if (type !== "get" && type !== "set") return;
    const isPing = type === "get" && iq.getChild("ping", NS.ping) !== undefined;
    const refusal = xml("error", { type: "cancel" }, xml("service-unavailable", { xmlns: NS.errors }));
    const attributes = { id, to: from, from: iq.attrs["to"], type: isPing ? "result" : "error" };
    this.sendText(this.serialize(xml("iq", attributes, isPing ? null : refusal)));
  }
}

function pingOf(to: string, id: string): Element {
  return xml("iq", { type: "get", to, id }, xml("ping", { xmlns: NS.ping }));
}

function messageOf(error: unknown): string {
  return error instanceof Error ? error.message : String(error);
}
