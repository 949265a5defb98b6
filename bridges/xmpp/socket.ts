import { EventEmitter } from "node:events";
import { connect as connectTcp, isIP, type Socket } from "node:net";
import { StringDecoder } from "node:string_decoder";
import { connect as connectTls } from "node:tls";
import { xml, type Element } from "@xmpp/client";

/** Where a socket leads, and how it is protected. */
export interface SocketOptions {
  readonly host: string;
  readonly port: number;
  /** The name that the server's certificate must have. */
  readonly domain: string;
  readonly tls: "starttls" | "direct" | "none";
  /** PEM of the only authority that is trusted; undefined: those that Node trusts. */
  readonly ca: string | undefined;
  /** Bytes that may come before a stanza has ended. */
  readonly maxReceivedBytes: number;
}

const TLS = "urn:ietf:params:xml:ns:xmpp-tls";
const STREAMS = "http://etherx.jabber.org/streams";

/**
 * A socket as @xmpp/client wants it: `connect`, `data`, `error` and `close`. It is encrypted before the library sees
 * it, so that nothing can be said in the clear, and hands out whole characters.
 */
export class XmppSocket extends EventEmitter {
  readonly #options: SocketOptions;
  #socket: Socket | null = null;
  #isSecure = false;
  #isCorked = false;
  #unfinishedBytes = 0;

  constructor(options: SocketOptions) {
    super();
    this.#options = options;
    // The library takes its listener away before the last error.
    this.on("error", () => undefined);
  }

  /** The library's name for it: the connection is encrypted. */
  get secure(): boolean {
    return this.#isSecure;
  }

  /** The parameters are the library's, which knows only of URLs; ours came with the constructor. */
  connect(): void {
    const { host, port, tls } = this.#options;
    if (tls === "direct") return this.#encrypt({ host, port });
    const socket = connectTcp({ host, port, noDelay: true });
    this.#adopt(socket);
    socket.once("connect", () => {
      if (tls === "none") this.#open(socket);
      else this.#negotiate(socket);
    });
  }

  /** Writes of one turn of the event loop leave together. */
  write(data: string, onWritten?: (error?: Error | null) => void): void {
    const socket = this.#socket;
    if (socket === null || socket.destroyed) {
      onWritten?.(new Error("the connection is closed"));
      return;
    }
    if (!this.#isCorked) {
      this.#isCorked = true;
      socket.cork();
      process.nextTick(() => {
        this.#isCorked = false;
        socket.uncork();
      });
    }
    socket.write(data, onWritten);
  }

  end(): void {
    this.#socket?.end();
  }

  destroy(error?: Error): void {
    this.#socket?.destroy(error);
  }

  /** A stanza has ended; what has come of the next one with it is not counted, which is at most one chunk. */
  onElement(): void {
    this.#unfinishedBytes = 0;
  }

  #adopt(socket: Socket): void {
    this.#socket = socket;
    socket.on("error", (error) => this.emit("error", error));
    socket.once("close", () => {
      // Of a socket that TLS has taken over, only the upper one counts.
      if (this.#socket === socket) this.emit("close", false);
    });
  }

  #open(socket: Socket): void {
    const decoder = new StringDecoder("utf8");
    socket.on("data", (chunk: Buffer) => {
      this.#unfinishedBytes += chunk.length;
      try {
        this.emit("data", decoder.write(chunk));
      } catch (error) {
        // The parser throws at what is not XML; nothing that a server sends may end the process.
        socket.destroy(new Error("the server sent what is not XML", { cause: error }));
      }
      if (this.#unfinishedBytes > this.#options.maxReceivedBytes) {
        socket.destroy(new Error("the server sent a stanza that is too long"));
      }
    });
    this.emit("connect");
  }

  /** RFC 6120 §5: STARTTLS, or nothing. */
  #negotiate(socket: Socket): void {
    const { domain } = this.#options;
    const decoder = new StringDecoder("utf8");
    const parser = new xml.Parser();
    const onData = (chunk: Buffer): void => {
      this.#unfinishedBytes += chunk.length;
      if (this.#unfinishedBytes > this.#options.maxReceivedBytes) socket.destroy(new Error("no end of features"));
      try {
        parser.write(decoder.write(chunk));
      } catch (error) {
        socket.destroy(new Error("the server sent what is not XML", { cause: error }));
      }
    };
    parser.on("error", (error: Error) => socket.destroy(error));
    parser.on("end", () => socket.destroy(new Error("the server closed the stream before TLS")));
    parser.on("element", (element: Element) => {
      if (element.is("features", STREAMS)) {
        if (element.getChild("starttls", TLS) === undefined) {
          socket.destroy(new Error("the server offers no STARTTLS: set tls to direct, or to none"));
        } else socket.write(`<starttls xmlns="${TLS}"/>`);
      } else if (element.is("proceed", TLS)) {
        // What came behind it in the clear is nobody's word, and is dropped with its parser.
        parser.removeAllListeners();
        parser.on("error", () => undefined);
        socket.off("data", onData);
        this.#unfinishedBytes = 0;
        this.#encrypt({ socket });
      } else if (element.is("failure", TLS)) socket.destroy(new Error("the server refused STARTTLS"));
      else if (element.is("error", STREAMS)) {
        socket.destroy(new Error(`the server refused the stream: ${element.getChildElements()[0]?.name ?? ""}`));
      }
    });
    socket.on("data", onData);
    const header = xml("stream:stream", {
      to: domain,
      version: "1.0",
      xmlns: "jabber:client",
      "xmlns:stream": STREAMS,
    });
    socket.write(`<?xml version='1.0'?>${header.toString().slice(0, -2)}>`);
  }

  #encrypt(place: { socket: Socket } | { host: string; port: number }): void {
    const { domain, ca } = this.#options;
    const secure = connectTls({
      ...place,
      ...(ca === undefined ? {} : { ca }),
      ...(isIP(domain) === 0 ? { servername: domain } : {}),
      rejectUnauthorized: true,
    });
    secure.setNoDelay(true);
    this.#adopt(secure);
    secure.once("secureConnect", () => {
      this.#isSecure = true;
      this.#open(secure);
    });
  }
}
