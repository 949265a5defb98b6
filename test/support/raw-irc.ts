import { once } from "node:events";
import type { Socket } from "node:net";
import { createInterface } from "node:readline";
import { connectTo } from "./connect-to.ts";
import { Waiters } from "./waiters.ts";

/** What a test waits for: a pattern, or a question about one line. */
export type LineMatcher = RegExp | ((line: string) => boolean);

const DEFAULT_WAIT_MS = 5_000;

/** The smallest IRC client there is: lines out, lines in, and PING answered. */
export class RawIrc implements AsyncDisposable {
  /** Everything received so far, without line ends. */
  readonly lines: string[] = [];
  readonly #socket: Socket;
  readonly #waiters = new Waiters<string>();
  #read = 0;
  #asked = 0;
  #isClosed = false;

  private constructor(socket: Socket) {
    this.#socket = socket;
    socket.on("error", (error) => this.#onClose(error.message));
    socket.once("close", () => this.#onClose("the connection is closed"));
    const reader = createInterface({ input: socket, crlfDelay: Infinity });
    reader.on("line", (line) => this.#onLine(line));
    reader.on("error", () => undefined); // The socket's error once more, which is heard above.
  }

  static async connect(host: string, port: number): Promise<RawIrc> {
    return new RawIrc(await connectTo(host, port, DEFAULT_WAIT_MS));
  }

  /** Connects, registers and joins the channels given. */
  static async login(server: { host: string; port: number }, nick: string, ...channels: string[]): Promise<RawIrc> {
    const irc = await RawIrc.connect(server.host, server.port);
    await irc.register(nick);
    for (const channel of channels) await irc.join(channel);
    return irc;
  }

  /** @param capabilities asked for before registration; it fails when the server refuses them */
  async register(nick: string, capabilities: readonly string[] = []): Promise<void> {
    if (capabilities.length > 0) {
      this.send(`CAP REQ :${capabilities.join(" ")}`);
      const answer = await this.waitFor(/ CAP \S+ (ACK|NAK) /i);
      if (/ NAK /i.test(answer)) throw new Error(`capabilities refused: ${answer}`);
    }
    this.send(`NICK ${nick}`);
    this.send(`USER ${nick} 0 * :${nick}`);
    if (capabilities.length > 0) this.send("CAP END");
    await this.waitFor(/^(@\S+ )?\S+ (376|422) /);
  }

  /** Resolves when the server has sent the whole list of names. */
  async join(channel: string): Promise<void> {
    this.send(`JOIN ${channel}`);
    await this.waitFor((line) => line.toLowerCase().includes(` ${channel.toLowerCase()} :`) && / 366 /.test(line));
  }

  /** @param line without line end */
  send(line: string): void {
    this.#socket.write(`${line}\r\n`);
  }

  /** Bytes as they are, for what no client would send. */
  sendBytes(bytes: string | Uint8Array): void {
    this.#socket.write(bytes);
  }

  say(channel: string, text: string): void {
    this.send(`PRIVMSG ${channel} :${text}`);
  }

  /** Resolves when the server has taken everything that was sent before. */
  async taken(): Promise<void> {
    const token = `taken-${++this.#asked}`;
    this.send(`PING :${token}`);
    await this.waitFor((line) => / PONG /.test(line) && line.endsWith(token));
  }

  /** Closes our half; the server may still answer. */
  halfClose(): void {
    this.#socket.end();
  }

  /**
   * The first matching line after the last one that was waited for. Every line before it is passed over.
   * @throws Error with the lines received, after the time given or when the connection closes
   */
  async waitFor(matcher: LineMatcher, timeoutMs: number = DEFAULT_WAIT_MS): Promise<string> {
    const matches = matcher instanceof RegExp ? (line: string) => matcher.test(line) : matcher;
    while (this.#read < this.lines.length) {
      const line = this.lines[this.#read++];
      if (line !== undefined && matches(line)) return line;
    }
    return this.#waiters.wait(matches, timeoutMs, (reason) => this.#failure(matcher, reason));
  }

  /** Resolves when the server has closed the connection, or has already. */
  async closed(timeoutMs: number = DEFAULT_WAIT_MS): Promise<void> {
    if (!this.#isClosed) await once(this.#socket, "close", { signal: AbortSignal.timeout(timeoutMs) });
  }

  /** Cuts the connection without QUIT. */
  close(): void {
    this.#socket.destroy();
  }

  async [Symbol.asyncDispose](): Promise<void> {
    if (this.#isClosed) return;
    this.#socket.destroy();
    await this.closed();
  }

  #onLine(line: string): void {
    if (/^PING /i.test(line)) this.send(`PONG ${line.slice(5)}`);
    this.lines.push(line);
    if (this.#waiters.came(line)) this.#read = this.lines.length;
  }

  #onClose(reason: string): void {
    this.#isClosed = true;
    this.#waiters.close(reason);
  }

  #failure(matcher: LineMatcher, reason: string): Error {
    const received = this.lines.slice(-20).map((line) => `  ${line}`);
    return new Error([`waited for ${String(matcher)}: ${reason}; the last lines were`, ...received].join("\n"));
  }
}
