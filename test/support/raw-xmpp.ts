import { once } from "node:events";
import type { Socket } from "node:net";
import { connectTo } from "./connect-to.ts";
import { Waiters } from "./waiters.ts";
import { childOf, childrenOf, escapeXml, textOf, XmlStream, type XmlElement } from "./xml-stream.ts";
import { XMPP_SERVICE } from "./xmpp-service.ts";

/** A question about one stanza. */
export type StanzaMatcher = (stanza: XmlElement) => boolean;

/** Who logs in: an account, or a guest, who needs none. */
export type Login = { readonly user: string; readonly password: string } | "guest";

const DEFAULT_WAIT_MS = 5_000;
const SASL = "urn:ietf:params:xml:ns:xmpp-sasl";
const BIND = "urn:ietf:params:xml:ns:xmpp-bind";

/** The smallest XMPP client there is: stanzas out, stanzas in, pings answered. No TLS, no roster. */
export class RawXmpp implements AsyncDisposable {
  /** Everything received so far. */
  readonly stanzas: XmlElement[] = [];
  readonly #socket: Socket;
  readonly #stream: XmlStream;
  readonly #waiters = new Waiters<XmlElement>();
  #jid = "";
  #read = 0;
  #asked = 0;
  #isClosed = false;

  private constructor(socket: Socket) {
    this.#socket = socket;
    this.#stream = new XmlStream(
      () => undefined,
      (stanza) => this.#onStanza(stanza),
    );
    socket.setEncoding("utf8"); // Characters that a chunk cuts in two stay whole.
    socket.on("data", (chunk: string) => this.#stream.feed(chunk));
    socket.on("error", (error) => this.#onClose(error.message));
    socket.once("close", () => this.#onClose("the connection is closed"));
  }

  static async connect(host: string, port: number): Promise<RawXmpp> {
    return new RawXmpp(await connectTo(host, port, DEFAULT_WAIT_MS));
  }

  /** Connects and logs in. */
  static async login(server: { host: string; port: number }, who: Login = "guest"): Promise<RawXmpp> {
    const xmpp = await RawXmpp.connect(server.host, server.port);
    try {
      await xmpp.#login(who);
    } catch (error) {
      xmpp.close();
      throw error;
    }
    return xmpp;
  }

  /** The full JID that the server has bound. */
  get jid(): string {
    return this.#jid;
  }

  /** @param xml as it goes on the wire, whatever it is */
  send(xml: string): void {
    this.#socket.write(xml);
  }

  /**
   * Sends an IQ and waits for its answer.
   * @param inside what the IQ holds, as XML
   * @param timeoutMs until it fails
   * @throws Error with the answer, when it is an error
   */
  async ask(type: "get" | "set", to: string, inside: string, timeoutMs = DEFAULT_WAIT_MS): Promise<XmlElement> {
    const id = `ask-${++this.#asked}`;
    const address = to === "" ? "" : ` to="${escapeXml(to)}"`;
    this.send(`<iq type="${type}" id="${id}"${address}>${inside}</iq>`);
    const isAnswer = (stanza: XmlElement): boolean => stanza.name === "iq" && stanza.attributes["id"] === id;
    const answer = await this.#await(isAnswer, `iq ${id}`, timeoutMs);
    if (answer.attributes["type"] === "error") throw new Error(`refused: ${JSON.stringify(answer)}`);
    return answer;
  }

  /** What a service says that it can do: the features of disco#info. */
  async features(of: string): Promise<readonly string[]> {
    const answer = await this.ask("get", of, `<query xmlns="http://jabber.org/protocol/disco#info"/>`);
    const query = childOf(answer, "query");
    return query === undefined ? [] : childrenOf(query, "feature").map(({ attributes }) => attributes["var"] ?? "");
  }

  /**
   * The first matching stanza after the last one that was waited for. Every stanza before it is passed over.
   * @param what for the message of the error
   * @throws Error with the stanzas received, after the time given or when the connection closes
   */
  async waitFor(matches: StanzaMatcher, what: string, timeoutMs: number = DEFAULT_WAIT_MS): Promise<XmlElement> {
    while (this.#read < this.stanzas.length) {
      const stanza = this.stanzas[this.#read++];
      if (stanza !== undefined && matches(stanza)) return stanza;
    }
    const stanza = await this.#await(matches, what, timeoutMs);
    this.#read = this.stanzas.lastIndexOf(stanza) + 1;
    return stanza;
  }

  /**
   * Resolves when the server has taken everything that was sent before.
   * @param rooms where something was sent: each answers for itself
   */
  async taken(rooms: readonly string[]): Promise<void> {
    await Promise.all(rooms.map((room) => this.features(room)));
  }

  /** Logs out. */
  end(): void {
    this.#socket.end("</stream:stream>");
  }

  /** Resolves when the server has closed the connection, or has already. */
  async closed(timeoutMs: number = DEFAULT_WAIT_MS): Promise<void> {
    if (!this.#isClosed) await once(this.#socket, "close", { signal: AbortSignal.timeout(timeoutMs) });
  }

  /** Cuts the connection without a word. */
  close(): void {
    this.#socket.destroy();
  }

  async [Symbol.asyncDispose](): Promise<void> {
    if (this.#isClosed) return;
    this.#socket.destroy();
    await this.closed();
  }

  async #login(who: Login): Promise<void> {
    const domain = who === "guest" ? XMPP_SERVICE.guestDomain : XMPP_SERVICE.domain;
    const mechanism = who === "guest" ? "ANONYMOUS" : "PLAIN";
    const secret = who === "guest" ? "" : Buffer.from(`\0${who.user}\0${who.password}`).toString("base64");
    await this.#openStream(domain);
    this.send(`<auth xmlns="${SASL}" mechanism="${mechanism}">${secret}</auth>`);
    const answer = await this.waitFor(({ name }) => name === "success" || name === "failure", "an answer to the login");
    if (answer.name === "failure") throw new Error(`not let in: ${JSON.stringify(answer)}`);
    await this.#openStream(domain);
    const bound = await this.ask("set", "", `<bind xmlns="${BIND}"/>`);
    const bind = childOf(bound, "bind");
    this.#jid = textOf(bind && childOf(bind, "jid"));
    // Some servers ask for a session, as RFC 3921 had it; the others answer as well.
    await this.ask("set", "", `<session xmlns="urn:ietf:params:xml:ns:xmpp-session"/>`);
    this.send("<presence/>");
  }

  async #openStream(to: string): Promise<void> {
    this.#stream.restart();
    this.send(
      `<?xml version="1.0"?><stream:stream to="${to}" version="1.0" xmlns="jabber:client"` +
        ` xmlns:stream="http://etherx.jabber.org/streams">`,
    );
    await this.waitFor(({ name }) => name === "stream:features", "the features of the stream");
  }

  #await(matches: StanzaMatcher, what: string, timeoutMs: number): Promise<XmlElement> {
    return this.#waiters.wait(matches, timeoutMs, (reason) => this.#failure(what, reason));
  }

  #onStanza(stanza: XmlElement): void {
    this.stanzas.push(stanza);
    this.#answerPing(stanza);
    this.#waiters.came(stanza);
  }

  #answerPing({ name, attributes, children }: XmlElement): void {
    const isPing = children.some((child) => typeof child !== "string" && child.name === "ping");
    if (name !== "iq" || attributes["type"] !== "get" || !isPing) return;
    this.send(
      `<iq type="result" id="${escapeXml(attributes["id"] ?? "")}" to="${escapeXml(attributes["from"] ?? "")}"/>`,
    );
  }

  #onClose(reason: string): void {
    this.#isClosed = true;
    this.#waiters.close(reason);
  }

  #failure(what: string, reason: string): Error {
    const received = this.stanzas.slice(-10).map((stanza) => `  ${JSON.stringify(stanza)}`);
    return new Error([`waited for ${what}: ${reason}; the last stanzas were`, ...received].join("\n"));
  }
}
