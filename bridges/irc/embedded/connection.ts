import type { Limits } from "./limits.ts";
import { LineSplitter, type Line } from "./line-splitter.ts";

/** What a connection needs of a socket; `net.Socket` has it. Text is latin1: one character a byte. */
export interface ByteSocket {
  readonly writableLength: number;
  readonly destroyed: boolean;
  write(text: string, encoding: "latin1"): boolean;
  end(): void;
  pause(): void;
  resume(): void;
}

/** Whom a connection tells; each call names its sender. */
export interface ConnectionOwner {
  onLine(connection: Connection, line: Line): void;
  /** The peer is gone, has half-closed, or reads too slowly; the owner answers with `close`. */
  onEnd(connection: Connection, reason: string): void;
}

/** Lines in, with fair turns; lines out, gathered into one write per turn of the event loop, and bounded. */
export class Connection {
  readonly #socket: ByteSocket;
  readonly #owner: ConnectionOwner;
  readonly #limits: Limits;
  readonly #now: () => number;
  readonly #splitter: LineSplitter;
  #queue: string[] = [];
  #queuedBytes = 0;
  #isFlushScheduled = false;
  #isTurnScheduled = false;
  #isDraining = false;
  #isOverflowing = false;
  #hasPeerEnded = false;
  #lastHeardMs: number;
  #closedMs: number | null = null;

  constructor(socket: ByteSocket, owner: ConnectionOwner, limits: Limits, now: () => number) {
    this.#socket = socket;
    this.#owner = owner;
    this.#limits = limits;
    this.#now = now;
    this.#splitter = new LineSplitter(limits.maxTagBytes + 2 + limits.maxLineBytes);
    this.#lastHeardMs = now();
  }

  get lastHeardMs(): number {
    return this.#lastHeardMs;
  }

  /** When `close` was called, or null while the connection is open. */
  get closedMs(): number | null {
    return this.#closedMs;
  }

  receive(bytes: Buffer): void {
    if (this.#closedMs !== null) return;
    this.#lastHeardMs = this.#now();
    this.#splitter.push(bytes);
    if (!this.#isTurnScheduled) this.#takeTurn();
  }

  /** The socket is gone, or was one too many: the owner is told, unless it has closed already. */
  end(reason: string): void {
    if (this.#closedMs === null) this.#owner.onEnd(this, reason);
  }

  /** The peer will send no more; what it has sent is handled before the owner is told. */
  peerEnded(): void {
    this.#hasPeerEnded = true;
    if (!this.#isTurnScheduled) this.#takeTurn();
  }

  drained(): void {
    this.#isDraining = false;
    this.#flush();
  }

  /** Queues bytes (latin1) that end in CRLF. Does nothing once closed. */
  send(text: string): void {
    if (this.#closedMs !== null || this.#isOverflowing) return;
    if (this.#queuedBytes + text.length + this.#socket.writableLength > this.#limits.maxSendQueueBytes) {
      this.#overflow();
      return;
    }
    this.#queue.push(text);
    this.#queuedBytes += text.length;
    if (this.#isFlushScheduled || this.#isDraining) return;
    this.#isFlushScheduled = true;
    process.nextTick(() => {
      this.#isFlushScheduled = false;
      this.#flush();
    });
  }

  /** Sends what is queued and a last line, and ends our side; what still arrives is thrown away. Safe twice. */
  close(lastLine: string): void {
    if (this.#closedMs !== null) return;
    this.#closedMs = this.#now();
    this.#splitter.clear();
    if (this.#socket.destroyed) return;
    this.#queue.push(`${lastLine}\r\n`);
    this.#write();
    this.#socket.end();
    // Reading on lets the peer's FIN arrive; unread input would make the kernel reset and lose our last lines.
    this.#socket.resume();
  }

  #takeTurn(): void {
    this.#isTurnScheduled = false;
    for (let count = 0; count < this.#limits.linesPerTurn; count += 1) {
      if (this.#closedMs !== null) return;
      const line = this.#splitter.next();
      if (line === undefined) {
        if (this.#hasPeerEnded) this.#owner.onEnd(this, "Connection closed");
        else this.#socket.resume();
        return;
      }
      this.#owner.onLine(this, line);
    }
    this.#isTurnScheduled = true;
    this.#socket.pause();
    setImmediate(() => this.#takeTurn());
  }

  #flush(): void {
    if (this.#closedMs === null && !this.#isDraining && this.#queue.length > 0) this.#isDraining = !this.#write();
  }

  #write(): boolean {
    const text = this.#queue.join("");
    this.#queue = [];
    this.#queuedBytes = 0;
    return this.#socket.write(text, "latin1");
  }

  #overflow(): void {
    this.#isOverflowing = true;
    this.#queue = [];
    this.#queuedBytes = 0;
    // Later, because the sender is in the middle of a round over a channel's members.
    process.nextTick(() => this.#owner.onEnd(this, "SendQ exceeded"));
  }
}
