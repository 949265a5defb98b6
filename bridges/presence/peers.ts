import type { Announcement, Browser } from "./announcement.ts";

/** Who is told what becomes of other bridges' browsers, and asked about our own asks. */
export interface PeersOwner {
  onJoined(browser: Browser): void;
  onLeft(browser: Browser): void;
  /** More changes at once than are worth telling one by one; comes before them. */
  onOverhaul(): void;
  /** The number of the next ask: only an answer to this or a later one is known to be from now on. */
  nextAsk(): number;
}

/** Bounds for one channel. */
export interface PeersLimits {
  readonly maxPeers: number;
  /** Browsers of all other bridges together; the rest are only counted. */
  readonly maxMembers: number;
}

type Change = Extract<Announcement, { type: "change" }>;
type List = Extract<Announcement, { type: "list" }>;

/** One bridge as we know it: its browsers at a version. */
interface Replica {
  readonly epoch: string;
  peer: string;
  version: number;
  /** False: announcements were missed, and only a list helps. */
  isCurrent: boolean;
  readonly browsers: Map<string, string>;
  total: number;
  listed: number;
  /** It is asked, and forgotten when it does not answer an ask of at least this number in time. */
  doubt: { readonly ask: number; readonly deadlineMs: number } | null;
  /** Parts of a list so far. */
  parts: { readonly version: number; readonly count: number; readonly browsers: Map<string, string> } | null;
}

/** How long a bridge may take to answer, over several asks, before its browsers are gone. */
const DOUBT_MS = 4_000;
/** There must be some room before what did not fit is asked for. */
const REFILL_SHARE = 0.1;

/** The other bridges in one channel, and their browsers. */
export class Peers {
  readonly #limits: PeersLimits;
  readonly #ourEpoch: string;
  readonly #owner: PeersOwner;
  readonly #replicas = new Map<string, Replica>();
  #held = 0;

  constructor(limits: PeersLimits, ourEpoch: string, owner: PeersOwner) {
    this.#limits = limits;
    this.#ourEpoch = ourEpoch;
    this.#owner = owner;
  }

  /** Browsers that are known by number only. */
  get unlisted(): number {
    let total = 0;
    for (const replica of this.#replicas.values()) total += Math.max(replica.total - replica.browsers.size, 0);
    return total;
  }

  /** Epochs to ask. */
  get doubted(): string[] {
    return [...this.#replicas.values()].filter(({ doubt }) => doubt !== null).map(({ epoch }) => epoch);
  }

  *browsers(): Iterable<Browser> {
    for (const replica of this.#replicas.values()) for (const [id, name] of replica.browsers) yield { id, name };
  }

  /** @returns false when there are more bridges than may be */
  heard(peer: string, announcement: Announcement, nowMs: number): boolean {
    const { epoch, version } = announcement;
    const known = this.#replicas.get(epoch);
    // Nobody was ever there: nothing to keep.
    if (!known && version === 0) return true;
    if (!known && this.#replicas.size >= this.#limits.maxPeers) return false;
    const replica = known ?? this.#add(epoch, peer, nowMs);
    replica.peer = peer;
    // It says something, so the next ask may well reach it.
    if (replica.doubt) replica.doubt = { ...replica.doubt, deadlineMs: nowMs + DOUBT_MS };
    if (announcement.type === "change") this.#onChange(replica, announcement, nowMs);
    else if (announcement.type === "list") this.#onPart(replica, announcement, nowMs);
    else if (version > replica.version) this.#miss(replica, nowMs);
    if (version >= replica.version) {
      replica.total = announcement.total;
      replica.listed = announcement.listed;
    }
    return true;
  }

  /** A bridge has left, or it only seems so: a reconnect or a split of the network that is over soon. */
  left(peer: string, nowMs: number): void {
    for (const replica of this.#replicas.values()) if (replica.peer === peer) this.#doubt(replica, true, nowMs);
  }

  /** We were away: whoever is still there has to say so. */
  doubtAll(nowMs: number): void {
    for (const replica of this.#replicas.values()) this.#doubt(replica, true, nowMs);
  }

  /** Forgets who did not answer, and asks again for what did not fit when there is room. */
  sweep(nowMs: number): void {
    for (const replica of this.#replicas.values()) {
      if (replica.doubt && replica.doubt.deadlineMs <= nowMs) this.#forget(replica);
    }
    const room = this.#limits.maxMembers - this.#held;
    if (room < this.#limits.maxMembers * REFILL_SHARE) return;
    for (const replica of this.#replicas.values()) {
      if (replica.isCurrent && replica.browsers.size < replica.listed) this.#doubt(replica, false, nowMs);
    }
  }

  #add(epoch: string, peer: string, nowMs: number): Replica {
    const replica: Replica = {
      epoch,
      peer,
      version: 0,
      isCurrent: true,
      browsers: new Map(),
      total: 0,
      listed: 0,
      doubt: null,
      parts: null,
    };
    this.#replicas.set(epoch, replica);
    // Its announcement may have come later than the news of its end: only an answer shows that it lives.
    this.#doubt(replica, true, nowMs);
    return replica;
  }

  #onChange(replica: Replica, { version, joined, left }: Change, nowMs: number): void {
    if (version <= replica.version) return;
    if (version !== replica.version + 1 || !replica.isCurrent) return this.#miss(replica, nowMs);
    replica.version = version;
    for (const id of left) this.#remove(replica, id);
    for (const { id, name } of joined) this.#put(replica, id, name);
  }

  #onPart(replica: Replica, list: List, nowMs: number): void {
    const { version, part, parts, browsers } = list;
    if (version < replica.version) return;
    if (part === 1) replica.parts = { version, count: 0, browsers: new Map() };
    const gathered = replica.parts;
    if (gathered?.version !== version || gathered.count !== part - 1) return this.#miss(replica, nowMs);
    replica.parts = { ...gathered, count: part };
    const room = this.#limits.maxMembers;
    for (const { id, name } of browsers) if (gathered.browsers.size < room) gathered.browsers.set(id, name);
    if (part < parts) return;
    replica.parts = null;
    this.#onList(replica, version, gathered.browsers);
    const newest = Math.max(-1, ...list.answers.map((answer) => this.#askNumber(answer)));
    if (replica.doubt && newest >= replica.doubt.ask) replica.doubt = null;
  }

  #onList(replica: Replica, version: number, browsers: ReadonlyMap<string, string>): void {
    replica.version = version;
    replica.isCurrent = true;
    const gone = [...replica.browsers.keys()].filter((id) => !browsers.has(id));
    const come = [...browsers].filter(([id]) => !replica.browsers.has(id));
    if (gone.length + come.length > 0) this.#owner.onOverhaul();
    for (const id of gone) this.#remove(replica, id);
    for (const [id, name] of come) this.#put(replica, id, name);
    // Any list is as good as another where only announcements were missed.
    if (replica.doubt?.ask === 0) replica.doubt = null;
  }

  #miss(replica: Replica, nowMs: number): void {
    replica.isCurrent = false;
    replica.parts = null;
    this.#doubt(replica, false, nowMs);
  }

  /** @param isAlive whether it lives is the question, which only an answer to us settles; else any list will do */
  #doubt(replica: Replica, isAlive: boolean, nowMs: number): void {
    const ask = isAlive ? this.#owner.nextAsk() : (replica.doubt?.ask ?? 0);
    const deadlineMs = replica.doubt && !isAlive ? replica.doubt.deadlineMs : nowMs + DOUBT_MS;
    replica.doubt = { ask, deadlineMs };
  }

  #forget(replica: Replica): void {
    this.#replicas.delete(replica.epoch);
    if (replica.browsers.size > 0) this.#owner.onOverhaul();
    for (const id of [...replica.browsers.keys()]) this.#remove(replica, id);
  }

  #put(replica: Replica, id: string, name: string): void {
    if (replica.browsers.has(id) || this.#held >= this.#limits.maxMembers) return;
    replica.browsers.set(id, name);
    this.#held += 1;
    this.#owner.onJoined({ id, name });
  }

  #remove(replica: Replica, id: string): void {
    const name = replica.browsers.get(id);
    if (name === undefined) return;
    replica.browsers.delete(id);
    this.#held -= 1;
    this.#owner.onLeft({ id, name });
  }

  /** @returns the number of our ask, or -1 for somebody else's */
  #askNumber(answer: string): number {
    const [epoch, number] = answer.split(".");
    return epoch === this.#ourEpoch ? Number(number) : -1;
  }
}
