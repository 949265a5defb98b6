import { LinkError } from "./errors.ts";
import type { FrameSocket, FrameSocketOwner } from "./frame-socket.ts";
import { type Hello, type HelloStep, RefusedError, refuse } from "./hello.ts";
import type { Peer } from "./link.ts";
import type { WireFrame } from "./wire.ts";

export interface HandshakeOptions {
  readonly hello: Hello;
  readonly timeoutMs: number;
  /** The peer has proved itself; the socket is the caller's, who must give it its next owner before this returns. */
  readonly onPeer: (socket: FrameSocket, peer: Peer) => void;
  /** Once, when the socket is closed without a peer having proved itself. */
  readonly onFailed: (error: LinkError) => void;
}

/** Owns a socket until its peer has proved itself, for a bounded time. */
export class Handshake implements FrameSocketOwner {
  readonly #options: HandshakeOptions;
  readonly #timer: NodeJS.Timeout;
  #socket: FrameSocket | null = null;

  constructor(options: HandshakeOptions) {
    this.#options = options;
    this.#timer = setTimeout(() => {
      this.#fail(new LinkError("timeout", `connecting and the hello took longer than ${options.timeoutMs} ms`));
    }, options.timeoutMs).unref();
  }

  /** Begins, with the socket that this was made the owner of. */
  start(socket: FrameSocket): void {
    this.#socket = socket;
    const first = this.#options.hello.open();
    if (first) socket.send(first);
  }

  onFrame(frame: WireFrame): void {
    const socket = this.#socket;
    const step = this.#receive(frame);
    if (!socket || !step) return;
    if (step.send) socket.send(step.send);
    if (!step.peer) return;
    clearTimeout(this.#timer);
    this.#options.onPeer(socket, step.peer);
  }

  onDrain(): void {
    // Nothing waits for it: a hello is a few hundred bytes.
  }

  onClosed(error: LinkError): void {
    clearTimeout(this.#timer);
    this.#options.onFailed(error);
  }

  /** Gives up at once. */
  close(reason: string): void {
    this.#socket?.close(new LinkError("closed", reason));
  }

  #receive(frame: WireFrame): HelloStep | null {
    try {
      return this.#options.hello.receive(frame);
    } catch (error) {
      if (!(error instanceof LinkError)) throw error;
      this.#fail(error);
      return null;
    }
  }

  #fail(error: LinkError): void {
    if (!(error instanceof RefusedError)) this.#socket?.send(refuse(error));
    this.#socket?.end(error);
  }
}
