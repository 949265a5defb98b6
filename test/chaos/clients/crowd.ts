import { monitorEventLoopDelay } from "node:perf_hooks";
import type { Publication, SessionEvent } from "../history.ts";
import type { CrowdPlan, SessionReport } from "./protocol.ts";
import { RawSession } from "./raw-session.ts";
import type { CrowdSession } from "./session.ts";
import { StockSession } from "./stock-session.ts";

/** So many handshakes at once. */
const OPEN_AT_ONCE = 20;
const LOOK_MS = 20;
const CLOCK_MS = 2;
/** In a millisecond. */
const NANOSECONDS = 1e6;

interface Open {
  readonly session: CrowdSession;
  /** When the present history began. */
  clientId: string;
}

/** Several hundred sessions in one process, some of which publish. */
export class Crowd implements AsyncDisposable {
  readonly #all: Open[] = [];
  readonly #publications: Publication[] = [];
  readonly #pending = new Set<Promise<void>>();
  readonly #timers: NodeJS.Timeout[] = [];
  readonly #delays = monitorEventLoopDelay({ resolution: CLOCK_MS });
  #said = 0;

  /** Resolves when all sessions are subscribed. */
  static async gather(plan: CrowdPlan): Promise<Crowd> {
    const crowd = new Crowd();
    for (let first = 0; first < plan.sessions; first += OPEN_AT_ONCE) {
      const count = Math.min(OPEN_AT_ONCE, plan.sessions - first);
      const opened = await Promise.all(Array.from({ length: count }, (_, index) => open(plan, first + index)));
      crowd.#all.push(...opened.map((session) => ({ session, clientId: session.clientId })));
    }
    return crowd;
  }

  /** What has happened is forgotten; the first session of each channel publishes from now on. */
  begin(prefix: string, publishEveryMs: number): void {
    this.#publications.length = 0;
    this.#delays.enable();
    this.#delays.reset();
    const publishers = new Map<string, CrowdSession>();
    for (const open of this.#all) {
      const { session } = open;
      session.events = [];
      open.clientId = session.clientId;
      for (const channel of session.channels) if (!publishers.has(channel)) publishers.set(channel, session);
    }
    for (const [channel, session] of publishers) {
      this.#timers.push(
        setInterval(() => this.#publish(session, channel, `${prefix}p${++this.#said}`), publishEveryMs),
      );
    }
  }

  /** Resolves when all publishes are answered, which takes no longer than a client's patience. */
  async quiet(): Promise<void> {
    for (const timer of this.#timers.splice(0)) clearInterval(timer);
    await Promise.all(this.#pending);
  }

  /** @returns the sessions that have not seen the texts of their channels when the time is over */
  async settle(texts: Readonly<Record<string, string>>, withinMs: number): Promise<readonly string[]> {
    const end = performance.now() + withinMs;
    const isDeaf = ({ session }: Open): boolean =>
      session.channels.some((channel) => !session.seen.has(texts[channel] ?? ""));
    while (performance.now() < end && this.#all.some(isDeaf)) await new Promise((turn) => setTimeout(turn, LOOK_MS));
    return this.#all.filter(isDeaf).map(({ session }) => session.name);
  }

  report(): { sessions: readonly SessionReport[]; publications: readonly Publication[]; lateMs: number } {
    const sessions = this.#all.map(({ session, clientId }) => {
      const { name, channels } = session;
      const events: readonly SessionEvent[] = session.events;
      session.events = [];
      return { name, clientId, channels, events };
    });
    return { sessions, publications: this.#publications.splice(0), lateMs: this.#delays.max / NANOSECONDS };
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.quiet();
    await Promise.all(this.#all.map(({ session }) => session[Symbol.asyncDispose]()));
  }

  #publish(session: CrowdSession, channel: string, text: string): void {
    const answer = session.publish(channel, text);
    if (answer === null) return;
    const answered = answer.then((outcome) => {
      this.#pending.delete(answered);
      this.#publications.push({ channel, text, outcome });
    });
    this.#pending.add(answered);
  }
}

/** Each listens to one channel; WebSockets and polls take turns, and the stock ones are among the first. */
function open({ port, stock, channels, socketsTo, isSpoiled }: CrowdPlan, index: number): Promise<CrowdSession> {
  // As many of each kind in every channel, whether their number is even or odd.
  const turn = Math.floor(index / channels.length);
  const transport = socketsTo !== undefined || (index + turn) % 2 === 0 ? "websocket" : "long-polling";
  const channel = channels[index % channels.length];
  const name = `${index < stock ? "cometd" : "raw"} ${index}, ${transport}`;
  const options = { name, port, transport, channels: channel === undefined ? [] : [channel] } as const;
  if (socketsTo !== undefined) return RawSession.open({ ...options, firstPort: socketsTo });
  return index < stock
    ? StockSession.open(options)
    : RawSession.open({ ...options, isSpoiled: isSpoiled && index === stock });
}
