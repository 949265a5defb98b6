import { LinkError } from "./errors.ts";
import type { FrameSocket, FrameSocketOwner } from "./frame-socket.ts";
import type { Frame } from "./frames.ts";
import type { Link, LinkOwner, Peer } from "./link.ts";
import type { WireFrame } from "./wire.ts";

export interface SocketLinkOptions {
  readonly peer: Peer;
  /** Past its hello. */
  readonly socket: FrameSocket;
  readonly owner: LinkOwner;
  readonly heartbeatMs: number;
  readonly deadAfterMs: number;
  /** For whoever made the link; called once, before the owner's `onDown`. */
  readonly onEnded: (link: SocketLink, error: LinkError) => void;
}

/** A link over TCP: what is left when the hello is over. */
export class SocketLink implements Link, FrameSocketOwner {
  readonly peer: Peer;
  readonly #socket: FrameSocket;
  readonly #owner: LinkOwner;
  readonly #onEnded: (link: SocketLink, error: LinkError) => void;
  readonly #heartbeat: NodeJS.Timeout;
  #isDown = false;

  constructor(options: SocketLinkOptions) {
    this.peer = options.peer;
    this.#socket = options.socket;
    this.#owner = options.owner;
    this.#onEnded = options.onEnded;
    this.#socket.owner = this;
    this.#heartbeat = this.#startHeartbeat(options.heartbeatMs, options.deadAfterMs);
  }

  get isFull(): boolean {
    return this.#socket.isFull;
  }

  /** Resolves when the socket is closed. */
  get closed(): Promise<void> {
    return this.#socket.closed;
  }

  /** Tells the owner that the link is there. */
  up(): void {
    this.#owner.onUp(this);
  }

  send(frame: Frame): boolean {
    return this.#socket.send(frame);
  }

  close(reason: string): void {
    this.#socket.close(new LinkError("closed", reason));
  }

  /** Writes what waits, says goodbye, and closes. */
  end(reason: string): void {
    this.#socket.send({ type: "goodbye", payload: Buffer.from(reason) });
    this.#socket.end(new LinkError("closed", reason));
  }

  /** Closes, and tells the owner before it returns, so that a successor can come up in good order. */
  closeNow(reason: string): void {
    const error = new LinkError("closed", reason);
    this.#socket.close(error);
    this.onClosed(error);
  }

  onFrame(frame: WireFrame): void {
    if (this.#isDown) return;
    switch (frame.type) {
      case "ping":
        this.#socket.send({ type: "pong" });
        return;
      case "pong":
        return;
      case "goodbye":
        this.#socket.close(new LinkError("goodbye", `the peer ended the link: ${frame.payload.toString()}`));
        return;
      case "challenge":
      case "hello":
      case "welcome":
      case "refuse":
        this.#socket.close(new LinkError("direction", `a ${frame.type} frame after the hello`));
        return;
      default:
        this.#owner.onFrame(this, frame);
    }
  }

  onDrain(): void {
    this.#owner.onDrain(this);
  }

  onClosed(error: LinkError): void {
    if (this.#isDown) return;
    this.#isDown = true;
    clearInterval(this.#heartbeat);
    this.#onEnded(this, error);
    this.#owner.onDown(this, error.message, error.code === "goodbye");
  }

  #startHeartbeat(heartbeatMs: number, deadAfterMs: number): NodeJS.Timeout {
    // Silence is counted in beats, not read from a clock: a process that was itself stopped must not blame its peers.
    let silentMs = 0;
    const beat = (): void => {
      silentMs = this.#socket.takeHeard() ? 0 : silentMs + heartbeatMs;
      if (silentMs >= deadAfterMs) {
        this.#socket.close(new LinkError("silent", `nothing was heard from the peer for ${deadAfterMs} ms`));
      } else if (silentMs > 0) {
        this.#socket.send({ type: "ping" });
      }
    };
    return setInterval(beat, heartbeatMs).unref();
  }
}
