import { EventEmitter } from "node:events";
import { connect as connectTcp, isIP, type Socket } from "node:net";
import { connect as connectTls, TLSSocket } from "node:tls";
import type { IrcLine } from "./irc-line.ts";
import { readPrivmsg } from "./fast-line.ts";
import type { TlsSettings } from "./tls.ts";

/** Where to, and how. */
export interface TransportOptions {
  readonly host: string;
  readonly port: number;
  /** null: plain TCP. */
  readonly security: TlsSettings | null;
  /** Gets what people say, past the library. @returns false for a line that the library has to have */
  readonly onPrivmsg: (line: IrcLine) => boolean;
}

/** Tags take up to 8,191 bytes and the rest 512; a server that sends more in one line is not an IRC server. */
const MAX_LINE_BYTES = 16_384;
/**
 * Servers that leave Nagle's algorithm on (InspIRCd, ngIRCd) hold back what does not fill a segment until we acknowledge what
 * came before, and an end that only listens does that up to 40 ms late. Whatever it writes acknowledges at once; PONG is
 * answered by nobody. So rarely that no server takes it for a flood: those that count lines are not that busy.
 */
export const ACKNOWLEDGEMENT = "PONG :heard";
const HEARD_PER_ACKNOWLEDGEMENT = 32;
/** Characters that are written without waiting for the end of the turn, so that the server works on them while we go on. */
const FULL_WRITE = 8_192;
const [LINE_FEED, CARRIAGE_RETURN] = [0x0a, 0x0d];

/**
 * TCP and TLS for irc-framework, in place of its own transport: lines are decoded whole (that one drops a leading BOM),
 * the receive buffer is bounded, a line that the library cannot handle does not end the process, nothing with a line break
 * is written, and a certificate can be of an own authority, pinned, or ours. It writes once per turn of the event loop.
 *
 * Its events are what the library expects of a transport: `open`, `line`, `close`, and `extra`.
 */
export class LineTransport extends EventEmitter {
  readonly #options: TransportOptions;
  #socket: Socket | null = null;
  #isOpen = false;
  #error: Error | null = null;
  #rest: Buffer = Buffer.alloc(0);
  /** Lines for the end of this turn, and who hears that they were written. */
  #unwritten = "";
  #callbacks: (() => void)[] = [];
  /** What people said since we last acknowledged. */
  #heard = 0;

  constructor(options: TransportOptions) {
    super();
    this.#options = options;
  }

  connect(): void {
    this.disposeSocket();
    const { host, port, security } = this.#options;
    const socket =
      security === null
        ? connectTcp({ host, port })
        : connectTls({ host, port, ...(isIP(host) === 0 ? { servername: host } : {}), ...security.options });
    this.#socket = socket;
    socket.setNoDelay(true);
    socket.once(security === null ? "connect" : "secureConnect", () => this.#onConnected(socket));
    socket.on("data", (data: Buffer) => this.#onData(data));
    socket.on("error", (error) => (this.#error = error));
    socket.once("close", () => {
      this.#isOpen = false;
      this.emit("close", this.#error ?? false);
    });
  }

  /** Part of what the library calls; there is but one encoding. */
  setEncoding(): boolean {
    return true;
  }

  /** For the library: what is not one line is dropped. */
  writeLine(line: string, callback?: () => void): void {
    if (!this.#isOpen || /[\r\n\0]/.test(line)) {
      if (callback !== undefined) process.nextTick(callback);
      return;
    }
    if (callback !== undefined) this.#callbacks.push(callback);
    this.write(line);
  }

  /** Dropped where the connection is not open. @param line without line breaks and NUL */
  write(line: string): void {
    if (!this.#isOpen) return;
    if (this.#unwritten === "") setImmediate(() => this.#flush());
    this.#unwritten += `${line}\r\n`;
    if (this.#unwritten.length >= FULL_WRITE) this.#flush();
  }

  /** @param isForced at once, without sending what waits */
  close(isForced: boolean): void {
    if (isForced || !this.#isOpen) this.#socket?.destroy();
    else {
      this.#flush();
      this.#isOpen = false;
      this.#socket?.end();
    }
  }

  disposeSocket(): void {
    const socket = this.#socket;
    this.#socket = null;
    this.#isOpen = false;
    if (socket === null) return;
    socket.removeAllListeners();
    socket.on("error", () => undefined); // Nobody is interested in how it ends.
    socket.destroy();
  }

  #flush(): void {
    const [text, callbacks] = [this.#unwritten, this.#callbacks];
    if (text === "") return;
    this.#unwritten = "";
    this.#callbacks = [];
    // A string and not its pieces: one system call with one buffer.
    this.#socket?.write(text, () => {
      for (const callback of callbacks) callback();
    });
  }

  #onConnected(socket: Socket): void {
    const error = socket instanceof TLSSocket ? (this.#options.security?.check(socket) ?? null) : null;
    if (error !== null) {
      socket.destroy(error);
      return;
    }
    this.#isOpen = true;
    this.emit("open");
  }

  #onData(data: Buffer): void {
    const bytes = this.#rest.length === 0 ? data : Buffer.concat([this.#rest, data]);
    let start = 0;
    for (let end = bytes.indexOf(LINE_FEED); end >= 0; end = bytes.indexOf(LINE_FEED, start)) {
      let textEnd = end;
      while (textEnd > start && bytes[textEnd - 1] === CARRIAGE_RETURN) textEnd--;
      this.#emitLine(bytes.toString("utf8", start, textEnd));
      start = end + 1;
    }
    if (this.#heard >= HEARD_PER_ACKNOWLEDGEMENT) {
      this.#heard = 0;
      this.write(ACKNOWLEDGEMENT);
    }
    this.#rest = bytes.subarray(start);
    if (this.#rest.length <= MAX_LINE_BYTES) return;
    this.#rest = Buffer.alloc(0);
    this.emit("extra", "bad line", new Error(`a line of more than ${MAX_LINE_BYTES} bytes`));
    this.close(true);
  }

  #emitLine(line: string): void {
    try {
      const said = readPrivmsg(line);
      if (said !== null && this.#options.onPrivmsg(said)) this.#heard += 1;
      else this.emit("line", line);
    } catch (error) {
      this.emit("extra", "bad line", error);
    }
  }
}
