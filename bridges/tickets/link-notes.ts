import {
  type BridgeFrame,
  type Reached,
  type ReachedNote,
  reachedPayload,
  type SaidNote,
  saidPayload,
} from "../../link/index.ts";
import type { LogEntry } from "../log/log.ts";
import type { Notes } from "../session/downlink.ts";
import type { Session } from "../session/session.ts";

/** So many of the newest messages are not told twice; whoever hears one again takes it for what it is. */
const REMEMBERED = 4_096;
/** What a note has room for, and more than any network's ids have. */
const MAX_ID_LENGTH = 1_024;

/** What one dispatcher has to know before messages leave for it, so that another bridge could go on with their sessions. */
export class LinkNotes implements Notes<Session> {
  readonly #reachOf: (session: Session) => Reached;
  readonly #onSeen: (session: Session) => void;
  /** By the lowest bits of its number, the message that was told last. */
  readonly #told = new Float64Array(REMEMBERED);
  #said: SaidNote[] = [];
  #reached: ReachedNote[] = [];
  isDue = false;

  constructor(reachOf: (session: Session) => Reached, onSeen: (session: Session) => void) {
    this.#reachOf = reachOf;
    this.#onSeen = onSeen;
  }

  seen(session: Session): void {
    this.#onSeen(session);
  }

  said(entry: LogEntry): void {
    const { seq, channel, id, isLive } = entry;
    if (isLive !== true || id === "" || id.length > MAX_ID_LENGTH) return;
    const place = seq % REMEMBERED;
    if (this.#told[place] === seq) return;
    this.#told[place] = seq;
    this.#said.push({ seq, channel, id });
    this.isDue = true;
  }

  reached(connection: number, session: Session): void {
    this.#reached.push({ connection, ...this.#reachOf(session) });
    this.isDue = true;
  }

  take(): readonly BridgeFrame[] {
    this.isDue = false;
    const frames: BridgeFrame[] = [];
    if (this.#said.length > 0) frames.push({ type: "said", payload: saidPayload(this.#said) });
    if (this.#reached.length > 0) frames.push({ type: "reached", payload: reachedPayload(this.#reached) });
    this.#said = [];
    this.#reached = [];
    return frames;
  }
}
