import type { ServerResponse } from "node:http";
import { type PushOwner, PushTransport, type UnsentLimits } from "./push-transport.ts";
import type { StreamSettings } from "./stream-settings.ts";

/** Bounds and beginnings of streams. */
export interface StreamLimits extends UnsentLimits {
  /** Bytes after which a stream ends, and its browser opens another. */
  readonly maxStreamBytes: number;
  readonly streamPaddingBytes: number;
}

/** Who listens to a stream's writing side. */
export interface StreamOwner extends PushOwner {
  /** When the browser comes back after a break, in milliseconds. */
  readonly retryMs: number;
  /** As many bytes were written as may be. */
  onFull(): void;
}

/** What keeps a proxy from collecting a stream, or from changing it. */
const UNBUFFERED = {
  "cache-control": "no-store, no-transform",
  "x-accel-buffering": "no",
  "x-content-type-options": "nosniff",
};

/** The writing side of one HTTP answer that goes on. */
export class StreamTransport extends PushTransport {
  readonly name: StreamSettings["name"];
  readonly framing: StreamSettings["framing"];
  readonly #settings: StreamSettings;
  readonly #response: ServerResponse;
  readonly #limits: StreamLimits;
  readonly #owner: StreamOwner;
  #writtenBytes = 0;

  constructor(settings: StreamSettings, response: ServerResponse, limits: StreamLimits, owner: StreamOwner) {
    super(response, limits, owner);
    this.name = settings.name;
    this.framing = settings.framing;
    this.#settings = settings;
    this.#response = response;
    this.#limits = limits;
    this.#owner = owner;
  }

  get isOpen(): boolean {
    return this.#response.headersSent;
  }

  get writtenBytes(): number {
    return this.#writtenBytes;
  }

  /** Bytes that the system has taken: they grow as long as somebody reads. */
  get takenBytes(): number {
    const { socket } = this.#response;
    return socket ? socket.bytesWritten - socket.writableLength : 0;
  }

  /** Begins the answer, so that the browser knows it. */
  open(): void {
    if (!this.isWritable) return;
    this.#begin();
    const opening = this.#settings.opening(this.#limits.streamPaddingBytes, this.#owner.retryMs);
    if (opening.length > 0) this.write(opening);
    else this.#response.flushHeaders();
  }

  override write(bytes: Buffer): void {
    // What waited for the stream may come before the connect's answer does.
    if (!this.isOpen) this.open();
    super.write(bytes);
    const before = this.#writtenBytes;
    this.#writtenBytes += bytes.length;
    const { maxStreamBytes } = this.#limits;
    if (before < maxStreamBytes && this.#writtenBytes >= maxStreamBytes) this.#owner.onFull();
  }

  beat(): void {
    this.write(this.#settings.heartbeat);
  }

  /** @param retryMs when the browser comes back */
  close(retryMs = 0): void {
    this.flush();
    this.#begin();
    const closing = this.#settings.closing(retryMs);
    if (closing.length > 0) super.write(closing);
    this.#response.end();
  }

  protected get isWritable(): boolean {
    return !this.#response.writableEnded && !this.#response.destroyed;
  }

  protected cut(): void {
    this.#response.destroy();
  }

  #begin(): void {
    if (!this.#response.headersSent && this.isWritable) {
      this.#response.writeHead(200, { "content-type": this.#settings.contentType, ...UNBUFFERED });
    }
  }
}
