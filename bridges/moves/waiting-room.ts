import type { ClosedFrame, PauseFrame, RequestFrame, ResumeFrame } from "../../link/index.ts";
import type { Downlink } from "../session/downlink.ts";
import type { Session } from "../session/session.ts";

type Kept = RequestFrame | PauseFrame | ResumeFrame;

/** What waits for the sessions of a route. */
interface Line {
  readonly frames: { readonly downlink: Downlink<Session>; readonly frame: Kept }[];
  readonly timer: NodeJS.Timeout;
}

export interface WaitingRoomOptions {
  readonly maxBytes: number;
  /** How long a route's requests wait at most. */
  readonly waitMs: number;
  /** The route's requests have waited long enough. */
  readonly onOver: (route: number) => void;
}

/** What a request takes beside its messages. */
const OWN_BYTES = 512;

/** Requests for sessions that are on their way here from another bridge: nothing of them was done yet. */
export class WaitingRoom {
  readonly #options: WaitingRoomOptions;
  readonly #lines = new Map<number, Line>();
  /** The routes of connections that have something here. */
  readonly #routes = new Map<Downlink<Session>, Map<number, number>>();
  #bytes = 0;

  constructor(options: WaitingRoomOptions) {
    this.#options = options;
  }

  /** @returns false where there is no room */
  keep(downlink: Downlink<Session>, frame: RequestFrame): boolean {
    const bytes = frame.payload.length + OWN_BYTES;
    if (this.#bytes + bytes > this.#options.maxBytes) return false;
    const { route, connection } = frame;
    const line = this.#lines.get(route) ?? this.#begin(route);
    // What was received is a view of what is soon something else.
    line.frames.push({ downlink, frame: { ...frame, payload: Buffer.from(frame.payload) } });
    this.#bytes += bytes;
    const routes = this.#routes.get(downlink) ?? new Map<number, number>();
    this.#routes.set(downlink, routes.set(connection, route));
    return true;
  }

  /** What a dispatcher says of a connection whose requests wait, waits as well. @returns false where none does */
  keepFlow(downlink: Downlink<Session>, frame: PauseFrame | ResumeFrame): boolean {
    const route = this.#routes.get(downlink)?.get(frame.connection);
    const line = route === undefined ? undefined : this.#lines.get(route);
    line?.frames.push({ downlink, frame });
    return line !== undefined;
  }

  /** A browser has gone: what it asked for need not be done. */
  closed(downlink: Downlink<Session>, { connection }: ClosedFrame): void {
    const routes = this.#routes.get(downlink);
    const route = routes?.get(connection);
    if (route === undefined) return;
    routes?.delete(connection);
    this.#drop(route, (kept) => kept.downlink === downlink && kept.frame.connection === connection);
  }

  /** A dispatcher has gone. */
  down(downlink: Downlink<Session>): void {
    const routes = this.#routes.get(downlink);
    this.#routes.delete(downlink);
    for (const route of new Set(routes?.values())) this.#drop(route, (kept) => kept.downlink === downlink);
  }

  /** @returns what has waited for a route, in its order; it waits no more */
  open(route: number): readonly { readonly downlink: Downlink<Session>; readonly frame: Kept }[] {
    const line = this.#lines.get(route);
    if (!line) return [];
    clearTimeout(line.timer);
    this.#lines.delete(route);
    for (const { downlink, frame } of line.frames) {
      this.#routes.get(downlink)?.delete(frame.connection);
      this.#bytes -= bytesOf(frame);
    }
    return line.frames;
  }

  /** Routes for which something waits. */
  get routes(): readonly number[] {
    return [...this.#lines.keys()];
  }

  [Symbol.dispose](): void {
    for (const route of this.routes) this.open(route);
  }

  #begin(route: number): Line {
    const { waitMs, onOver } = this.#options;
    const line: Line = { frames: [], timer: setTimeout(() => onOver(route), waitMs).unref() };
    this.#lines.set(route, line);
    return line;
  }

  #drop(route: number, isGone: (kept: Line["frames"][number]) => boolean): void {
    const line = this.#lines.get(route);
    if (!line) return;
    const left = line.frames.filter((kept) => !isGone(kept));
    for (const kept of line.frames) if (isGone(kept)) this.#bytes -= bytesOf(kept.frame);
    line.frames.splice(0, line.frames.length, ...left);
    if (left.length === 0) this.open(route);
  }
}

function bytesOf(frame: Kept): number {
  return frame.type === "request" ? frame.payload.length + OWN_BYTES : 0;
}
