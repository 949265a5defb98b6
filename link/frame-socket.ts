import type { Socket } from "node:net";
import { LinkError } from "./errors.ts";
import { FrameDecoder } from "./frame-decoder.ts";
import { Outbox } from "./outbox.ts";
import { MAX_HELLO_BYTES, type Vocabulary, type WireFrame } from "./wire.ts";

/** Frames of one turn of the event loop leave in one write, or earlier when there are this many bytes of them. */
const EARLY_FLUSH_BYTES = 262_144;

/** How long a peer may take to read the last bytes of a link that ends in good order. */
const END_TIMEOUT_MS = 1_000;

/** Who handles what comes of a socket: first the hello, then the link. */
export interface FrameSocketOwner {
  onFrame(frame: WireFrame): void;
  onDrain(): void;
  /** Once, when the socket is closed. */
  onClosed(error: LinkError): void;
}

export interface FrameSocketOptions {
  readonly socket: Socket;
  /** Whose frames the peer may send, until more is known of it. */
  readonly from: Vocabulary;
  readonly highWaterBytes: number;
  readonly maxQueuedBytes: number;
  readonly owner: FrameSocketOwner;
}

/** Frames over one TCP socket: gathers writes, cuts reads, and bounds both. */
export class FrameSocket {
  owner: FrameSocketOwner;
  /** Resolves when the socket is closed. */
  readonly closed: Promise<void>;
  readonly #socket: Socket;
  readonly #decoder: FrameDecoder;
  readonly #outbox = new Outbox();
  readonly #highWaterBytes: number;
  readonly #maxQueuedBytes: number;
  #ending: LinkError | null = null;
  #endTimer: NodeJS.Timeout | null = null;
  #isFull = false;
  #isFlushSet = false;
  #hasHeard = false;

  constructor(options: FrameSocketOptions) {
    this.owner = options.owner;
    this.#socket = options.socket;
    this.#decoder = new FrameDecoder(options.from, MAX_HELLO_BYTES);
    this.#highWaterBytes = options.highWaterBytes;
    this.#maxQueuedBytes = options.maxQueuedBytes;
    const { promise, resolve } = Promise.withResolvers<void>();
    this.closed = promise;
    this.#socket.setNoDelay(true);
    this.#socket.on("data", (chunk: Buffer) => {
      this.#onData(chunk);
    });
    this.#socket.on("error", (error) => {
      this.close(new LinkError("unreachable", describe(error), { cause: error }));
    });
    this.#socket.on("end", () => {
      this.close(new LinkError("closed", "the peer closed the connection"));
    });
    this.#socket.on("close", () => {
      if (this.#endTimer) clearTimeout(this.#endTimer);
      resolve();
      this.owner.onClosed((this.#ending ??= new LinkError("unreachable", "the connection was lost")));
    });
  }

  /** True while more than the high-water mark waits, and after the end. */
  get isFull(): boolean {
    return this.#isFull || this.#ending !== null;
  }

  /** Longest frame both ways; before it is set, that of a hello. */
  set maxFrameBytes(bytes: number) {
    this.#decoder.maxFrameBytes = bytes;
  }

  get maxFrameBytes(): number {
    return this.#decoder.maxFrameBytes;
  }

  /** Whose frames the peer may send. */
  set from(from: Vocabulary) {
    this.#decoder.from = from;
  }

  /** @returns whether anything came since the last call */
  takeHeard(): boolean {
    const hasHeard = this.#hasHeard;
    this.#hasHeard = false;
    return hasHeard;
  }

  /**
   * Queues a frame. After the end it does nothing.
   *
   * @returns `!isFull`
   * @throws RangeError where the frame cannot be written within its limits, which is a bug of ours
   */
  send(frame: WireFrame): boolean {
    if (this.#ending) return false;
    this.#outbox.add(frame, this.#decoder.maxFrameBytes);
    if (this.#outbox.bytes >= EARLY_FLUSH_BYTES) {
      this.#flush();
    } else if (!this.#isFlushSet) {
      this.#isFlushSet = true;
      // Not nextTick: frames caused by other sockets in the same turn shall leave in the same write.
      setImmediate(this.#onImmediate);
    }
    const queued = this.#queued();
    if (queued > this.#highWaterBytes) this.#isFull = true;
    if (queued > this.#maxQueuedBytes) {
      this.close(new LinkError("overflow", `${queued} bytes wait to be written; the limit is ${this.#maxQueuedBytes}`));
    }
    return !this.isFull;
  }

  /** Drops the connection at once. The first reason counts. */
  close(error: LinkError): void {
    this.#ending ??= error;
    this.#socket.destroy();
  }

  /** Writes what waits, then closes; a peer that does not read has a second. */
  end(error: LinkError): void {
    if (this.#ending) return;
    this.#flush();
    this.#ending = error;
    this.#socket.end();
    this.#endTimer = setTimeout(() => this.#socket.destroy(), END_TIMEOUT_MS).unref();
  }

  #onData(chunk: Buffer): void {
    this.#hasHeard = true;
    if (this.#ending) return;
    const error = this.#decoder.push(chunk, this.#onFrame);
    if (error && !this.#ending) this.close(error);
  }

  readonly #onFrame = (frame: WireFrame): void => {
    if (!this.#ending) this.owner.onFrame(frame);
  };

  readonly #onImmediate = (): void => {
    this.#isFlushSet = false;
    this.#flush();
  };

  readonly #onWritten = (): void => {
    if (!this.#isFull || this.#ending || this.#queued() > this.#highWaterBytes) return;
    this.#isFull = false;
    this.owner.onDrain();
  };

  #flush(): void {
    if (this.#ending || this.#outbox.bytes === 0) return;
    const parts = this.#outbox.take();
    const last = parts.length - 1;
    if (last > 0) this.#socket.cork();
    parts.forEach((part, index) => {
      if (index === last) this.#socket.write(part, this.#onWritten);
      else this.#socket.write(part);
    });
    if (last > 0) this.#socket.uncork();
  }

  #queued(): number {
    return this.#outbox.bytes + this.#socket.writableLength;
  }
}

/** A refused connection to a name with several addresses has no message of its own. */
function describe(error: Error): string {
  if (error.message !== "") return error.message;
  return "code" in error ? String(error.code) : error.name;
}
