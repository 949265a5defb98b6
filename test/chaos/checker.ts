import type { ChannelHistory, ChaosHistory, SessionEvent, SessionHistory } from "./history.ts";

/** What a history shows: how often, of all sessions and channels. */
export interface Verdict {
  /** Messages that the network carried and that did not come to a session of their channel. */
  readonly lost: number;
  /** Of these, how many a gap notice at their place tells of. */
  readonly noticed: number;
  /** And how many neither a notice tells of, nor a handshake at their place. */
  readonly silent: number;
  readonly twice: number;
  readonly disordered: number;
  /** Publishes that were confirmed and not carried, or refused and carried; and what nobody has ever said. */
  readonly untrue: number;
  readonly unknown: number;
  readonly handshakes: number;
  readonly reconnects: number;
  readonly gaps: number;
  /** How often a message came to a session for the first time: a run in which nothing comes shows nothing. */
  readonly seen: number;
  /** The beginning of what is wrong, for people. */
  readonly faults: readonly string[];
}

type Counts = { -readonly [Name in Exclude<keyof Verdict, "faults">]: number };
type Seen = Extract<SessionEvent, { type: "seen" }>;

/** After and before which places of a channel something stands. */
interface Span {
  readonly from: number;
  to: number;
}

interface Missing {
  readonly text: string;
  readonly place: number;
}

/** A history that is all wrong is told by its beginning. */
const MAX_FAULTS = 12;

/** Holds a history against what an ack session may expect: every message of its channels once, and in the network's order. */
export function check(history: ChaosHistory): Verdict {
  const finding = new Finding();
  for (const session of history.sessions) finding.addSession(history, session);
  finding.addPublications(history);
  return finding.verdict;
}

class Finding {
  readonly #counts: Counts = {
    lost: 0,
    noticed: 0,
    silent: 0,
    twice: 0,
    disordered: 0,
    untrue: 0,
    unknown: 0,
    handshakes: 0,
    reconnects: 0,
    gaps: 0,
    seen: 0,
  };
  readonly #faults: string[] = [];
  readonly #others: string[] = [];

  get verdict(): Verdict {
    return { ...this.#counts, faults: [...this.#faults, ...this.#others].slice(0, MAX_FAULTS) };
  }

  addSession(history: ChaosHistory, session: SessionHistory): void {
    for (const { type } of session.events) {
      if (type === "handshake") this.#counts.handshakes++;
      else if (type === "reconnect") this.#counts.reconnects++;
    }
    for (const channel of session.channels) {
      const about = history.channels.find((one) => one.channel === channel);
      if (about === undefined) throw new Error(`nothing is known of the channel ${channel}`);
      const events = session.events.filter((event) => !("channel" in event) || event.channel === channel);
      this.#addStream(`${session.name} ${channel}`, history.prefix, about, events, session.earlier);
    }
  }

  addPublications({ channels, publications, sessions }: ChaosHistory): void {
    const carried = new Map<string, number>();
    for (const { text } of channels.flatMap((channel) => channel.carried))
      carried.set(text, (carried.get(text) ?? 0) + 1);
    const events = sessions.flatMap((session) => session.events);
    const heard = new Set(events.flatMap((event) => (event.type === "seen" ? [event.text] : [])));
    for (const { text, outcome } of publications) {
      const times = carried.get(text) ?? 0;
      // A witness that was cut off may have missed what a browser has seen.
      const isThere = times > 0 || heard.has(text);
      if (times > 1) this.#count("twice", `the network carried ${text} ${times} times`);
      if (outcome === "unknown") this.#counts.unknown++;
      else if ((outcome === "confirmed") !== isThere)
        this.#count("untrue", `${text} was ${outcome}, and the network has ${isThere ? "" : "not "}carried it`);
    }
  }

  #addStream(
    name: string,
    prefix: string,
    { carried, isWitnessCut }: ChannelHistory,
    events: readonly SessionEvent[],
    earlier: ReadonlySet<string>,
  ): void {
    const places = new Map(carried.map(({ text }, place) => [text, place]));
    const seen = new Set<string>();
    const notices: Span[] = [];
    /** A session that begins anew knows that it may have missed something. */
    const beginnings: Span[] = [];
    let highest = -1;
    for (const event of events) {
      if (event.type === "gap") {
        this.#counts.gaps++;
        notices.push({ from: highest, to: Infinity });
      }
      if (event.type === "handshake") beginnings.push({ from: highest, to: Infinity });
      if (event.type !== "seen") continue;
      const { text } = event;
      const place = places.get(text);
      if (seen.has(text) || earlier.has(text)) {
        this.#count("twice", `${name}: ${text} came twice`);
        continue;
      }
      seen.add(text);
      // Said before all this, and still on its way.
      if (!text.startsWith(prefix)) continue;
      this.#counts.seen++;
      if (place === undefined) {
        if (!isWitnessCut) this.#count("untrue", `${name}: ${text} came, and the network has not carried it`);
      } else if (place < highest) {
        this.#count("disordered", `${name}: ${text} came after ${carried[highest]?.text}`);
      } else {
        for (const span of [...notices, ...beginnings]) if (span.to === Infinity) span.to = place;
        highest = place;
      }
    }
    const missing = carried.map(({ text }, place) => (seen.has(text) ? null : { text, place }));
    this.#addLosses(name, missing, notices, beginnings);
  }

  /** @param missing for each message of the channel: null where it has come */
  #addLosses(
    name: string,
    missing: readonly (Missing | null)[],
    notices: readonly Span[],
    beginnings: readonly Span[],
  ): void {
    let run: Missing[] = [];
    for (const one of [...missing, null]) {
      if (one) run.push(one);
      const [first] = run;
      if (one || !first) continue;
      this.#counts.lost += run.length;
      this.#counts.noticed += run.filter(({ place }) => isWithin(notices, place)).length;
      const silent = run.filter(({ place }) => !isWithin([...notices, ...beginnings], place)).length;
      this.#counts.silent += silent;
      const range = run.length === 1 ? first.text : `${first.text} to ${run.at(-1)?.text} (${run.length})`;
      const why = isWithin(notices, first.place) ? "a notice tells of it" : "its session began anew";
      this.#tell(`${name}: ${range} did not come, ${silent > 0 ? "and nothing tells of it" : why}`, silent > 0);
      run = [];
    }
  }

  #count(what: keyof Counts, fault: string): void {
    this.#counts[what]++;
    this.#tell(fault);
  }

  /** @param isGrave is told before all that is not */
  #tell(fault: string, isGrave = true): void {
    (isGrave ? this.#faults : this.#others).push(fault);
  }
}

function isWithin(spans: readonly Span[], place: number): boolean {
  return spans.some(({ from, to }) => from < place && place < to);
}

/**
 * How long a message of the network waited for a session, at most: until that message, or a later one of its channel, came.
 *
 * @param fromMs whose wait was over by then does not count
 * @returns milliseconds; Infinity where one never came, and none after it
 */
export function longestWaitMs(history: ChaosHistory, session: SessionHistory, fromMs = 0): number {
  const times = new Map<string, number>();
  for (const event of session.events) if (isFirst(event, times)) times.set(event.text, event.atMs);
  let longest = 0;
  for (const { channel, carried } of history.channels) {
    if (!session.channels.includes(channel)) continue;
    let earliest = Infinity;
    for (const { text, atMs } of carried.toReversed()) {
      earliest = Math.min(earliest, times.get(text) ?? Infinity);
      if (earliest >= fromMs) longest = Math.max(longest, earliest - atMs);
    }
  }
  return longest;
}

function isFirst(event: SessionEvent, times: ReadonlyMap<string, number>): event is Seen {
  return event.type === "seen" && !times.has(event.text);
}
