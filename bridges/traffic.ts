import type { ClosedFrame, FaultCounter, Frame, PauseFrame, RequestFrame, ResumeFrame } from "../link/index.ts";
import type { Broadcast } from "./broadcast.ts";
import type { Dispatches } from "./dispatches.ts";
import type { Moves } from "./moves/moves.ts";
import { WaitingRoom } from "./moves/waiting-room.ts";
import type { Ownership } from "./ownership.ts";
import type { Requests } from "./requests.ts";
import type { Downlink } from "./session/downlink.ts";
import type { Session } from "./session/session.ts";
import type { Sessions } from "./session/sessions.ts";
import type { Takeover } from "./tickets/takeover.ts";

/** What the frames of dispatchers need. */
export interface TrafficOptions {
  readonly ownership: Ownership;
  readonly moves: Pick<Moves, "isComing">;
  readonly takeover: Pick<Takeover, "isComing" | "mayServe" | "take">;
  readonly requests: Requests;
  readonly dispatches: Dispatches;
  readonly sessions: Sessions;
  readonly broadcast: Broadcast;
  readonly faults: FaultCounter;
  readonly handoverMs: number;
  readonly maxHandoverBytes: number;
}

/** What dispatchers send: requests are served, refused where their route is not ours, or wait for their sessions to come. */
export class Traffic implements Disposable {
  readonly #options: TrafficOptions;
  readonly #waiting: WaitingRoom;

  constructor(options: TrafficOptions) {
    this.#options = options;
    this.#waiting = new WaitingRoom({
      maxBytes: options.maxHandoverBytes,
      waitMs: options.handoverMs,
      onOver: (route) => this.#open(route, false),
    });
  }

  onFrame(downlink: Downlink<Session>, frame: Frame): void {
    switch (frame.type) {
      case "request":
        return this.#onRequest(downlink, frame, true);
      case "dispatch":
        return this.#options.dispatches.serve(downlink, frame, (route) => this.#isHere(route));
      case "surrender":
        if (!this.#options.takeover.take(downlink, frame.payload))
          downlink.link.close("a surrender that makes no sense");
        return;
      case "closed":
        return this.#onClosed(downlink, frame);
      case "pause":
      case "resume":
        if (this.#waiting.keepFlow(downlink, frame)) return;
        return this.#onFlow(downlink, frame);
      default:
        // The codec lets only a dispatcher's frames through to a bridge.
        throw new TypeError(`a bridge got a frame of type ${frame.type}`);
    }
  }

  /** A dispatcher has gone. */
  down(downlink: Downlink<Session>): void {
    this.#waiting.down(downlink);
  }

  /** Sessions have come, or are known not to: what has waited for them goes on. */
  look(): void {
    for (const route of this.#waiting.routes) if (!this.#isComing(route)) this.#open(route);
  }

  [Symbol.dispose](): void {
    this.#waiting[Symbol.dispose]();
  }

  /** @param mayWait false: it has waited long enough */
  #onRequest(downlink: Downlink<Session>, frame: RequestFrame, mayWait: boolean): void {
    const { requests, faults } = this.#options;
    const { route } = frame;
    if (mayWait && this.#isComing(route)) {
      if (this.#waiting.keep(downlink, frame)) return;
      faults.count("bridge.handoverBytes", "too much waits for sessions that are on their way", { route });
    }
    if (this.#isHere(route) && this.#options.takeover.mayServe(route, downlink)) return requests.serve(downlink, frame);
    downlink.send({ type: "refused", connection: frame.connection });
  }

  /** It is ours, and so are its sessions. */
  #isHere(route: number): boolean {
    return this.#options.ownership.owns(route) && !this.#isComing(route);
  }

  /** The route's sessions are on their way here. */
  #isComing(route: number): boolean {
    const { moves, takeover } = this.#options;
    return moves.isComing(route) || takeover.isComing(route);
  }

  #open(route: number, mayWait = true): void {
    for (const { downlink, frame } of this.#waiting.open(route)) {
      if (downlink.isDown) continue;
      if (frame.type === "request") this.#onRequest(downlink, frame, mayWait);
      else this.onFrame(downlink, frame);
    }
  }

  #onClosed(downlink: Downlink<Session>, frame: ClosedFrame): void {
    const { sessions, broadcast } = this.#options;
    const { connection } = frame;
    this.#waiting.closed(downlink, frame);
    const session = downlink.sessionAt(connection);
    downlink.close(connection);
    if (!session) return;
    sessions.detach(session, downlink, connection);
    broadcast.refresh(session);
  }

  #onFlow(downlink: Downlink<Session>, { connection, type }: PauseFrame | ResumeFrame): void {
    const session = downlink.sessionAt(connection);
    if (!session) return;
    session.isPaused = type === "pause";
    if (session.isPaused) this.#options.broadcast.refresh(session);
    else this.#options.broadcast.catchUp(session);
  }
}
