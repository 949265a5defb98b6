/** What came to one session, in order. */
export type Arrival =
  | { readonly type: "message"; readonly id: string; readonly text: string }
  | { readonly type: "gap"; readonly after: string | null; readonly before: string | null };

/** How a publish was answered. */
export type Outcome = "accepted" | "refused" | "unknown" | { readonly other: string };

/** All that is known when a run is over. Each text was said once, as `<who> <number>`. */
export interface FaultHistory {
  /** What the network carried, as seen by those who are on it themselves. */
  readonly carried: readonly string[];
  /** They were cut off together with us, so what came last before that may have come to us alone. */
  readonly isWitnessCut: boolean;
  /** One order for all; or, where servers are linked, of each who speaks. */
  readonly order: "channel" | "speaker";
  /** The network has ids and a history that outlives the fault: nothing may be missing. */
  readonly isLossless: boolean;
  /** The bridge was away, and nothing can prove that it has missed nothing. */
  readonly mustNotice: boolean;
  /** Said last: has to come to everybody. */
  readonly last: string;
  readonly sessions: readonly { readonly name: string; readonly arrivals: readonly Arrival[] }[];
  readonly publishes: readonly { readonly text: string; readonly outcome: Outcome }[];
}

/** What a history shows. */
export interface FaultVerdict {
  /** What may not be. */
  readonly faults: readonly string[];
  /** Messages that the network carried and that did not come, of all sessions, where a notice tells of it. */
  readonly missed: number;
  /** The same where none does, or nothing may be missing; and those that came twice. */
  readonly lost: number;
  readonly twice: number;
  /** Gap notices, of all sessions. */
  readonly notices: number;
}

/** A history that is all wrong is told by its beginning. */
const MAX_FAULTS = 8;

/**
 * Holds a history against what is promised: each message once and in order, or a gap notice at its place; each publish
 * answered, and with the truth.
 */
export function judgeFaults(history: FaultHistory): FaultVerdict {
  const found = history.sessions.map(({ name, arrivals }) => judgeSession(history, name, arrivals));
  const faults = [...found.flatMap((one) => one.faults), ...judgePublishes(history)];
  const sum = (of: (one: SessionVerdict) => number): number => found.reduce((total, one) => total + of(one), 0);
  return {
    faults: faults.slice(0, MAX_FAULTS),
    missed: sum(({ missed }) => missed),
    lost: sum(({ lost }) => lost),
    twice: sum(({ twice }) => twice),
    notices: sum(({ notices }) => notices),
  };
}

type SessionVerdict = FaultVerdict;

function judgeSession(history: FaultHistory, name: string, arrivals: readonly Arrival[]): SessionVerdict {
  const faults: string[] = [];
  const places = new Map<string, number>();
  const ids = new Set<string>();
  let twice = 0;
  for (const [place, arrival] of arrivals.entries()) {
    if (arrival.type === "gap") continue;
    const { text, id } = arrival;
    if (places.has(text) || ids.has(id)) {
      twice += 1;
      faults.push(`${text} came twice`);
    } else places.set(text, place);
    ids.add(id);
  }
  const { missed, lost } = judgeLosses(history, arrivals, places, faults);
  const notices = arrivals.filter(({ type }) => type === "gap").length;
  faults.push(...judgeNotices(arrivals), ...judgeUnseen(history, arrivals));
  if (history.mustNotice && notices === 0) faults.push("no gap notice came");
  if (!places.has(history.last)) faults.push(`the last message, ${history.last}, did not come`);
  return { faults: faults.map((fault) => `${name}: ${fault}`), missed, lost, twice, notices };
}

/** Looks at the order, and for a notice wherever something is missing. */
function judgeLosses(
  { carried, order, isLossless }: FaultHistory,
  arrivals: readonly Arrival[],
  places: ReadonlyMap<string, number>,
  faults: string[],
): Pick<FaultVerdict, "missed" | "lost"> {
  const counts = { missed: 0, lost: 0 };
  for (const texts of Map.groupBy(carried, (text) => (order === "channel" ? "" : speakerOf(text))).values()) {
    let before = -1;
    let missing: string[] = [];
    const settle = (after: number): void => {
      if (missing.length === 0) return;
      const range = missing.length === 1 ? missing[0] : `${missing[0]} to ${missing.at(-1)} (${missing.length})`;
      const isNoticed = arrivals.slice(before + 1, after).some(({ type }) => type === "gap");
      counts[isNoticed && !isLossless ? "missed" : "lost"] += missing.length;
      if (!isNoticed) faults.push(`${range} did not come, and no notice tells of it`);
      else if (isLossless) faults.push(`${range} did not come, though the network has it; a notice tells of it`);
      missing = [];
    };
    for (const text of texts) {
      const place = places.get(text);
      if (place === undefined) missing.push(text);
      else if (place < before) faults.push(`${text} came too late`);
      else {
        settle(place);
        before = place;
      }
    }
    settle(arrivals.length);
  }
  return counts;
}

/** A notice names its neighbours; one that did not know the next message is followed by one that does. */
function judgeNotices(arrivals: readonly Arrival[]): string[] {
  const faults: string[] = [];
  let last: string | null = null;
  let isOpen = false;
  let awaited: string | null = null;
  for (const arrival of arrivals) {
    if (arrival.type === "message") {
      if (awaited !== null && awaited !== arrival.id) faults.push(`a notice is not right before ${awaited}`);
      if (isOpen) faults.push(`no notice says that it ends before ${arrival.text}`);
      [last, awaited, isOpen] = [arrival.id, null, false];
      continue;
    }
    if (arrival.after !== last) faults.push(`a notice says it is after ${arrival.after}, and is after ${last}`);
    isOpen = arrival.before === null && awaited === null;
    awaited = arrival.before ?? awaited;
  }
  return faults;
}

/** What nobody else has seen can only have been said in the moment when all were cut off. */
function judgeUnseen({ carried, isWitnessCut }: FaultHistory, arrivals: readonly Arrival[]): string[] {
  const seen = new Set(carried);
  const faults: string[] = [];
  let unseen: string | null = null;
  for (const arrival of arrivals) {
    if (arrival.type === "gap") unseen = null;
    else if (seen.has(arrival.text)) {
      if (unseen !== null) faults.push(`${unseen} came, and nobody on the network has seen it`);
      unseen = null;
    } else if (isWitnessCut) unseen = arrival.text;
    else faults.push(`${arrival.text} came, and the network has not carried it`);
  }
  return faults;
}

function judgePublishes({ carried, isWitnessCut, sessions, publishes }: FaultHistory): string[] {
  const faults: string[] = [];
  const counts = new Map<string, number>();
  for (const text of carried) counts.set(text, (counts.get(text) ?? 0) + 1);
  const heard = new Set(sessions.flatMap(({ arrivals }) => arrivals.map(textOf)));
  for (const { text, outcome } of publishes) {
    const count = counts.get(text) ?? 0;
    if (count > 1) faults.push(`the network carried ${text} ${count} times`);
    const isThere = count > 0 || (isWitnessCut && heard.has(text));
    if (typeof outcome === "object") faults.push(`${text} was answered with ${outcome.other}`);
    else if (outcome === "accepted" && !isThere)
      faults.push(`${text} was accepted, and the network has not carried it`);
    else if (outcome === "refused" && (isThere || heard.has(text))) {
      faults.push(`${text} was answered as not sent, and the network has carried it`);
    }
  }
  return faults;
}

function textOf(arrival: Arrival): string {
  return arrival.type === "message" ? arrival.text : "";
}

function speakerOf(text: string): string {
  return text.slice(0, text.lastIndexOf(" "));
}
