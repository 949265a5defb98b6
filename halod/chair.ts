import { electorateOf, haloVoter, isQuorum, reachedOf, type Electorate } from "./electorate.ts";
import {
  accepted,
  compareBallots,
  compareVersions,
  isSameState,
  promised,
  versionOf,
  type Ballot,
  type Proposal,
  type SavedTable,
  type Version,
  type Vote,
} from "./vote.ts";
import type { FromHalod, FromPeer, FromVoter } from "./vote-messages.ts";

/** What is to be done, one after the other: nothing is said before what was written before it is on the disk. */
export type ChairEffect =
  | { readonly type: "write"; readonly vote: Vote }
  | { readonly type: "send"; readonly to: string; readonly message: FromHalod | FromVoter | FromPeer }
  /** Calls the chair back. */
  | { readonly type: "then"; readonly run: () => void }
  /** This is in force; whoever has accepted it is told. */
  | { readonly type: "committed"; readonly proposal: Proposal }
  /** It acts, going on from there; null: there has been no table yet. `epoch`: of the newest that may be known anywhere; `turn`: to want something by. */
  | { readonly type: "acting"; readonly from: Proposal | null; readonly epoch: number; readonly turn: number }
  /** Nothing moves. */
  | { readonly type: "resting" };

export interface ChairOptions {
  /** Of this HaloD, from its file. */
  readonly id: string;
  readonly isStandby: boolean;
  /** From its file. */
  readonly vote: Vote;
  /** How long the other HaloD has to be away before this one asks to take over. */
  readonly patienceMs: number;
  /** How long it may be silent before others may take it for gone. */
  readonly silenceMs: number;
  /** Uniform in [0, 1): two that ask at once shall not do so for ever. */
  readonly random: () => number;
}

/** Between two attempts to be promised enough. */
const RETRY_MS = 500;

/**
 * A HaloD's part in the vote: it asks for a ballot of its own, acts when enough voters have promised, and decides what
 * enough have accepted. It has no clock, no links and no file: what it wants done is taken from it.
 *
 * It follows Lamport's Paxos; the electorate is part of what is decided, and both the old and the new one decide.
 */
export class Chair {
  readonly #options: ChairOptions;
  readonly #self: string;
  #effects: ChairEffect[] = [];
  #vote: Vote;
  #role: "following" | "asking" | "acting" = "following";
  #ballot: Ballot | null = null;
  /** The highest that we have heard of. */
  #seen: Ballot | null;
  /** Voters that can be reached; with ourselves. */
  readonly #present: Set<string>;
  /** Those of the electorate that went on purpose. */
  readonly #left = new Set<string>();
  #peer: { readonly voter: string; readonly isActing: boolean } | null = null;
  /** While asking: who has promised, and the newest state that anybody has accepted. */
  readonly #promises = new Set<string>();
  #newest: Proposal | null = null;
  #inForce: Version | null = null;
  /** In force, as far as we know. */
  #committed: Proposal | null = null;
  #inFlight: { readonly proposal: Proposal; readonly by: Set<string>; readonly sinceMs: number } | null = null;
  /** What we found has been decided again, by us. */
  #isReady = false;
  #isResting = true;
  #wanted: { readonly table: SavedTable; readonly voters: readonly string[] } | null = null;
  #turns = 0;
  #nowMs = 0;
  /** Since when nobody acts that we know of; and when we ask again. */
  #quietMs: number | null = null;
  #askMs = 0;

  constructor(options: ChairOptions) {
    this.#options = options;
    this.#self = haloVoter(options.id);
    this.#vote = options.vote;
    this.#newest = options.vote.accepted;
    this.#seen = options.vote.promised;
    this.#present = new Set([this.#self]);
  }

  /** Whether it may decide now. */
  get isActing(): boolean {
    return this.#role === "acting" && this.#isReady && !this.#isResting;
  }

  /** Whether it is in the electorate of what is in force, as far as it knows. */
  get hasSay(): boolean {
    return this.#isIn(this.#committed);
  }

  /** Whether the other HaloD acts, which we can reach. */
  get isFollowing(): boolean {
    return this.#peer?.isActing === true;
  }

  /** The term that we have promised, or ask for. */
  get term(): number {
    return this.#vote.promised?.term ?? 0;
  }

  /** How many of the electorate can be reached, and how many they are. */
  get reach(): { readonly reached: number; readonly of: number } {
    const electorate = (this.#committed ?? this.#newest)?.electorate ?? electorateOf([], this.#self);
    return { reached: reachedOf(electorate, this.#present, this.#left), of: electorate.voters.length };
  }

  /** In force, as far as we know. */
  get committed(): Proposal | null {
    return this.#committed;
  }

  /** What is to be done, each of it once. */
  take(): readonly ChairEffect[] {
    const effects = this.#effects;
    this.#effects = [];
    return effects;
  }

  /** The configured HaloD asks at once: where another one acts, voters say so. */
  start(nowMs: number): void {
    this.#nowMs = nowMs;
    if (!this.#options.isStandby) this.#ask();
  }

  /** A voter can be reached. @param vowed what it has promised, where it says so */
  came(voter: string, vowed: Ballot | null = null): void {
    this.#present.add(voter);
    this.#left.delete(voter);
    this.#see(vowed);
    // It remembers more than we do: our file is gone, or an old one.
    const isForgotten = vowed !== null && vowed.by !== this.#options.id && this.#committed === null;
    if (isForgotten && this.#role === "acting") this.#askAgain();
    if (this.#role === "asking" && this.#ballot) this.#send(voter, this.#question(this.#ballot));
    if (this.#role === "acting") {
      this.#beat(voter);
      if (this.#inFlight) this.#send(voter, { type: "propose", proposal: this.#inFlight.proposal });
    }
    this.#look();
  }

  /** It cannot be reached any more. @param isOrderly it said that it goes */
  went(voter: string, isOrderly: boolean): void {
    this.#present.delete(voter);
    if (isOrderly) this.#left.add(voter);
    if (this.#peer?.voter === voter) this.#peer = null;
    this.#look();
  }

  /** The other HaloD is linked, or tells something new of itself. */
  onPeer({ id, isActing, promised: vowed }: FromPeer): void {
    const voter = haloVoter(id);
    const isNew = this.#peer?.voter !== voter;
    this.#peer = { voter, isActing };
    const isOverruled = this.#role === "asking" || compareBallots(vowed, this.#ballot) > 0;
    if (isActing && isOverruled) this.#rest("following");
    if (isNew) this.came(voter, vowed);
  }

  /** What we tell the other HaloD of ourselves. */
  get introduction(): FromPeer {
    return { type: "halod", id: this.#options.id, isActing: this.isActing, promised: this.#vote.promised };
  }

  onMessage(voter: string, message: FromHalod | FromVoter): void {
    switch (message.type) {
      case "promise":
        return this.#onPromise(voter, message);
      case "accepted":
        return this.#onAccepted(voter, message.version);
      case "declined":
        return this.#onDeclined(message.promised);
      case "ask":
        return this.#onAsk(voter, message.ballot, message.has);
      case "propose":
        return this.#onPropose(voter, message.proposal);
      case "commit":
        if (compareVersions(this.#vote.accepted, message.version) === 0) this.#committed = this.#vote.accepted;
        return;
      case "beat":
        return this.#onBeat(voter, message.ballot);
    }
  }

  /**
   * What is to be in force, as soon as that can be.
   *
   * @param turn by which it acts: what comes of an earlier one is forgotten @param voters all but the HaloDs
   */
  want(turn: number, table: SavedTable, voters: readonly string[]): void {
    if (turn !== this.#turns || !this.isActing) return;
    this.#wanted = { table, voters };
    this.#advance();
  }

  /** Time has passed; to be called a few times a second. */
  tick(nowMs: number): void {
    this.#nowMs = nowMs;
    this.#look();
    if (this.#role === "acting") this.#insist();
    else if (!this.#mayAsk) {
      this.#quietMs = null;
      if (this.#role === "asking") this.#rest("following");
    } else if (this.#role === "asking") {
      if (nowMs >= this.#askMs) this.#retry();
    } else {
      this.#quietMs ??= nowMs;
      if (nowMs - this.#quietMs >= this.#options.patienceMs) this.#ask();
    }
  }

  /** Tells everybody that we act. */
  beat(): void {
    if (this.#role === "acting") for (const voter of this.#others) this.#beat(voter);
  }

  /** Where the other one acts, we do not; and a standby that knows of nothing leaves it to the other. */
  get #mayAsk(): boolean {
    const maySpeak = !this.#options.isStandby || this.#isIn(this.#vote.accepted);
    return maySpeak && this.#peer?.isActing !== true;
  }

  get #others(): string[] {
    return [...this.#present].filter((voter) => voter !== this.#self).toSorted();
  }

  #ask(): void {
    const term = Math.max(this.#seen?.term ?? 0, this.#vote.promised?.term ?? 0) + 1;
    const ballot = { term, by: this.#options.id };
    this.#rest("asking");
    this.#ballot = ballot;
    this.#see(ballot);
    this.#promises.clear();
    this.#inForce = null;
    this.#askMs = this.#nowMs + RETRY_MS * (1 + this.#options.random());
    this.#newest = this.#vote.accepted;
    this.#keep({ ...this.#vote, promised: ballot });
    for (const voter of this.#others) this.#send(voter, this.#question(ballot));
    const inForce = this.#committed && versionOf(this.#committed);
    this.#then(() => this.#onPromise(this.#self, { ballot, accepted: null, inForce }));
  }

  /** Somebody has promised a higher ballot than ours. */
  #askAgain(): void {
    if (this.#mayAsk) this.#ask();
    else this.#rest("following");
  }

  #retry(): void {
    this.#askMs = this.#nowMs + RETRY_MS * (1 + this.#options.random());
    if (!this.#ballot || compareBallots(this.#seen, this.#ballot) > 0) return this.#ask();
    const question = this.#question(this.#ballot);
    for (const voter of this.#others) if (!this.#promises.has(voter)) this.#send(voter, question);
  }

  #question(ballot: Ballot): FromHalod {
    return { type: "ask", ballot, has: this.#newest && versionOf(this.#newest) };
  }

  #onPromise(voter: string, { ballot, accepted: state, inForce }: Omit<FromVoter & { type: "promise" }, "type">): void {
    if (this.#role !== "asking" || compareBallots(ballot, this.#ballot) !== 0) return;
    this.#promises.add(voter);
    if (compareVersions(state, this.#newest) > 0) this.#newest = state;
    if (compareVersions(inForce, this.#inForce) > 0) this.#inForce = inForce;
    this.#count();
  }

  /** Enough have promised: we act, and decide first what we have found. */
  #count(): void {
    const found = this.#newest;
    if (!found) {
      // Nobody knows of any table. The first one is made by the configured HaloD alone.
      if (this.#options.isStandby || ![...this.#present].every((voter) => this.#promises.has(voter))) return;
      this.#role = "acting";
      this.#isReady = true;
      this.#turn(false);
    } else {
      // Quorums of those who were started again rely on it: who has no say does not act. But a file may be lost.
      const isNew = this.#options.vote.accepted === null && !this.#options.isStandby;
      if (!isNew && !this.#isIn(found)) return;
      const { electorate, table } = found;
      // What is known to be in force has been agreed to by those before.
      const before = compareVersions(found, this.#inForce) === 0 ? null : found.before;
      if (!this.#agree(electorate, this.#promises) || (before && !this.#agree(before, this.#promises))) return;
      this.#role = "acting";
      this.#isReady = false;
      this.#wanted = null;
      this.#propose(table, electorate, before);
    }
    this.beat();
  }

  #onAccepted(voter: string, version: Version): void {
    if (this.#role !== "acting") return;
    if (this.#inFlight && compareVersions(this.#inFlight.proposal, version) === 0) {
      this.#inFlight.by.add(voter);
      this.#decide();
    } else if (this.#committed && compareVersions(this.#committed, version) === 0 && voter !== this.#self)
      this.#send(voter, { type: "commit", version });
  }

  #decide(): void {
    if (!this.#inFlight) return;
    const { proposal, by } = this.#inFlight;
    const { electorate, before } = proposal;
    if (!by.has(this.#self) || !this.#agree(electorate, by) || (before && !this.#agree(before, by))) return;
    this.#inFlight = null;
    this.#committed = proposal;
    for (const voter of this.#left) if (!electorate.voters.includes(voter)) this.#left.delete(voter);
    this.#effects.push({ type: "committed", proposal });
    // Bridges come before dispatchers.
    for (const voter of [...by].toSorted())
      if (voter !== this.#self) this.#send(voter, { type: "commit", version: versionOf(proposal) });
    if (!this.#isReady) {
      this.#isReady = true;
      this.#isResting = true;
    }
    this.#look();
    this.#advance();
  }

  #onDeclined(vowed: Ballot | null): void {
    this.#see(vowed);
    if (this.#role === "acting" && compareBallots(this.#seen, this.#ballot) > 0) this.#askAgain();
    else if (this.#role === "asking") this.#count();
  }

  #onAsk(voter: string, ballot: Ballot, has: Version | null): void {
    this.#see(ballot);
    const vote = this.isActing ? null : promised(this.#vote, ballot);
    if (!vote) {
      const message = { type: "declined", promised: this.#vote.promised, isLinked: this.isActing } as const;
      return this.#send(voter, message);
    }
    this.#rest("following");
    this.#keep(vote);
    const isNews = compareVersions(vote.accepted, has) > 0;
    const inForce = this.#committed && versionOf(this.#committed);
    this.#send(voter, { type: "promise", ballot, accepted: isNews ? vote.accepted : null, inForce });
  }

  #onPropose(voter: string, proposal: Proposal): void {
    this.#see(proposal.ballot);
    const vote = accepted(this.#vote, proposal);
    if (!vote) return this.#send(voter, { type: "declined", promised: this.#vote.promised, isLinked: this.isActing });
    this.#rest("following");
    this.#keep(vote);
    this.#send(voter, { type: "accepted", version: versionOf(proposal) });
  }

  #onBeat(voter: string, ballot: Ballot): void {
    this.#see(ballot);
    if (compareBallots(ballot, this.#vote.promised) < 0)
      return this.#send(voter, { type: "declined", promised: this.#vote.promised, isLinked: this.isActing });
    if (this.#peer) this.#peer = { ...this.#peer, isActing: true };
    this.#rest("following");
  }

  /** Proposes what is wanted, where that is news, one thing at a time. */
  #advance(): void {
    if (!this.isActing || !this.#wanted) return;
    const { table, voters } = this.#wanted;
    const wanted = { table, electorate: this.#electorateWith(voters) };
    const base = this.#inFlight?.proposal ?? this.#committed;
    if (base && isSameState(base, wanted)) return;
    if (this.#inFlight && this.#nowMs - this.#inFlight.sinceMs < RETRY_MS) return;
    // Of the first table there is one, whatever happens: we alone can make it.
    const before = this.#committed?.electorate ?? electorateOf([], this.#self);
    this.#propose(table, wanted.electorate, before);
  }

  #propose(table: SavedTable, electorate: Electorate, before: Electorate | null): void {
    if (!this.#ballot) return;
    const serial = Math.max(this.#vote.accepted?.serial ?? 0, this.#newest?.serial ?? 0) + 1;
    const proposal = { ballot: this.#ballot, serial, table, electorate, before };
    this.#inFlight = { proposal, by: new Set(), sinceMs: this.#nowMs };
    this.#newest = proposal;
    this.#keep({ promised: this.#ballot, accepted: proposal });
    for (const voter of this.#others) this.#send(voter, { type: "propose", proposal });
    this.#then(() => this.#onAccepted(this.#self, proposal));
  }

  /** What nobody decides may have got lost, or be overtaken. */
  #insist(): void {
    const { proposal, by, sinceMs } = this.#inFlight ?? {};
    if (!proposal || !by || sinceMs === undefined || this.#nowMs - sinceMs < RETRY_MS) return;
    this.#advance();
    if (this.#inFlight?.proposal !== proposal) return;
    this.#inFlight = { proposal, by, sinceMs: this.#nowMs };
    for (const voter of this.#others) if (!by.has(voter)) this.#send(voter, { type: "propose", proposal });
  }

  /** Whether enough can be reached. Where they could not for a while, we go on from what is in force. */
  #look(): void {
    if (this.#role !== "acting" || !this.#isReady) return;
    const electorate = this.#committed?.electorate;
    const isResting = electorate !== undefined && !this.#agree(electorate, this.#present);
    if (isResting === this.#isResting) return;
    // What was on its way is given up: whoever goes on does so from what is in force.
    this.#inFlight = null;
    this.#wanted = null;
    this.#turn(isResting);
  }

  #turn(isResting: boolean): void {
    this.#isResting = isResting;
    const epoch = this.#vote.accepted?.table.epoch ?? 0;
    const turn = ++this.#turns;
    this.#effects.push(isResting ? { type: "resting" } : { type: "acting", from: this.#committed, epoch, turn });
    if (this.#peer) this.#send(this.#peer.voter, this.introduction);
  }

  #rest(role: "following" | "asking"): void {
    const wasActing = this.isActing;
    this.#role = role;
    this.#isReady = false;
    this.#isResting = true;
    this.#inFlight = null;
    this.#wanted = null;
    this.#quietMs = null;
    if (wasActing) this.#turn(true);
  }

  #electorateWith(voters: readonly string[]): Electorate {
    const known = this.#committed?.electorate.voters.find((voter) => voter.startsWith("h ") && voter !== this.#self);
    const other = this.#peer?.voter ?? known;
    const casting = this.#options.isStandby ? (other ?? this.#self) : this.#self;
    return electorateOf([...voters, this.#self, ...(other === undefined ? [] : [other])], casting);
  }

  /** Whether we have a say in what comes after it. */
  #isIn(proposal: Proposal | null): boolean {
    return proposal?.electorate.voters.includes(this.#self) === true;
  }

  #agree(electorate: Electorate, voters: ReadonlySet<string>): boolean {
    return isQuorum(electorate, voters, this.#left);
  }

  #beat(voter: string): void {
    if (this.#ballot && voter !== this.#self)
      this.#send(voter, { type: "beat", ballot: this.#ballot, silenceMs: this.#options.silenceMs });
  }

  #see(ballot: Ballot | null): void {
    if (compareBallots(ballot, this.#seen) > 0) this.#seen = ballot;
  }

  #keep(vote: Vote): void {
    this.#vote = vote;
    this.#effects.push({ type: "write", vote });
  }

  #send(to: string, message: FromHalod | FromVoter | FromPeer): void {
    this.#effects.push({ type: "send", to, message });
  }

  #then(run: () => void): void {
    this.#effects.push({ type: "then", run });
  }
}
