import { Agenda, type ChairEffect } from "./agenda.ts";
import { Canvass } from "./canvass.ts";
import { RETRY_MS, type ChairOptions } from "./chair-options.ts";
import { Docket } from "./docket.ts";
import { haloVoter } from "./electorate.ts";
import { OwnVote } from "./own-vote.ts";
import { Presence } from "./presence.ts";
import {
  compareBallots,
  hasSay,
  versionOf,
  type Ballot,
  type Proposal,
  type SavedTable,
  type Version,
} from "./vote.ts";
import type { FromHalod, FromPeer, FromVoter } from "./vote-messages.ts";

/**
 * A HaloD's part in the vote: it asks for a ballot of its own, acts when enough voters have promised, and decides what
 * enough have accepted. It has no clock, no links and no file: what it wants done is taken from it.
 *
 * It follows Lamport's Paxos; the electorate is part of what is decided, and both the old and the new one decide.
 */
export class Chair {
  readonly #options: ChairOptions;
  readonly #self: string;
  readonly #agenda = new Agenda();
  readonly #own: OwnVote;
  readonly #presence: Presence;
  readonly #docket: Docket;
  #role: "following" | "asking" | "acting" = "following";
  /** By which we act, or ask. */
  #canvass: Canvass | null = null;
  /** What we found has been decided again, by us. */
  #isReady = false;
  #isResting = true;
  #turns = 0;
  #nowMs = 0;
  /** Since when nobody acts that we know of; and when we ask again. */
  #quietMs: number | null = null;
  #askMs = 0;

  constructor(options: ChairOptions) {
    this.#options = options;
    this.#self = haloVoter(options.id);
    this.#own = new OwnVote(this.#agenda, options.vote);
    this.#presence = new Presence(this.#self);
    const { isStandby } = options;
    const shared = { agenda: this.#agenda, own: this.#own, presence: this.#presence };
    this.#docket = new Docket({ ...shared, self: this.#self, isStandby });
  }

  /** Whether it may decide now. */
  get isActing(): boolean {
    return this.#role === "acting" && this.#isReady && !this.#isResting;
  }

  /** Whether the other HaloD acts, which we can reach. */
  get isFollowing(): boolean {
    return this.#presence.peer?.isActing === true;
  }

  /** The term that it has promised or asks for; and of those who decide what comes next, whether it is one, and how many it reaches. */
  get standing() {
    const known = this.committed ?? this.#own.accepted;
    const { reached, of: voters } = this.#presence.reach(known?.electorate);
    return { term: this.#own.promised?.term ?? 0, hasSay: hasSay(this.committed, this.#self), reached, voters };
  }

  get committed(): Proposal | null {
    return this.#own.inForce;
  }

  /** What we tell the other HaloD of ourselves. */
  get introduction(): FromPeer {
    return { type: "halod", id: this.#options.id, isActing: this.isActing, promised: this.#own.promised };
  }

  /** What is to be done, each of it once. */
  take(): readonly ChairEffect[] {
    return this.#agenda.take();
  }

  /** The configured HaloD asks at once: where another one acts, voters say so. */
  start(nowMs: number): void {
    this.#nowMs = nowMs;
    if (!this.#options.isStandby) this.#ask();
  }

  /** A voter can be reached, or can again be told something. @param vowed what it has promised, where it says so */
  came(voter: string, vowed: Ballot | null = null): void {
    this.#presence.came(voter);
    this.#own.see(vowed);
    // It remembers more than we do: our file is gone.
    const isForgotten = vowed !== null && vowed.by !== this.#options.id && this.committed === null;
    if (isForgotten && this.#role === "acting") this.#askAgain();
    if (this.#role === "asking" && this.#canvass) this.#agenda.send(voter, this.#canvass.question);
    if (this.#role === "acting") {
      if (this.#mayBeat) this.#beat(voter);
      this.#docket.repeat(voter);
    }
    this.#look();
  }

  /** It cannot be reached any more. @param isOrderly it said that it goes */
  went(voter: string, isOrderly: boolean): void {
    this.#presence.went(voter, isOrderly);
    this.#look();
  }

  /** The other HaloD is linked, or tells something new of itself. */
  onPeer({ id, isActing, promised: vowed }: FromPeer): void {
    const voter = haloVoter(id);
    const isNew = this.#presence.meet(voter, isActing);
    const isOverruled = this.#role === "asking" || compareBallots(vowed, this.#ballot) > 0;
    if (isActing && isOverruled) this.#rest("following");
    if (isNew) this.came(voter, vowed);
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
        if (this.#own.onAsk(voter, message, this.isActing)) this.#rest("following");
        return;
      case "propose":
        if (this.#own.onPropose(voter, message.proposal)) this.#rest("following");
        return;
      case "commit":
        return this.#own.onCommit(message.version);
      case "beat":
        if (!this.#own.onBeat(voter, message.ballot)) return;
        this.#presence.meet(voter, true);
        this.#rest("following");
    }
  }

  /**
   * What is to be in force, as soon as that can be.
   *
   * @param turn by which it acts: what comes of an earlier one is forgotten @param voters all but the HaloDs
   */
  want(turn: number, table: SavedTable, voters: readonly string[]): void {
    if (turn !== this.#turns || !this.isActing) return;
    this.#docket.want(table, voters);
    this.#advance();
  }

  /** Our own promise or acceptance is on the disk. @param version null: of the ballot that we ask for */
  onStored(version: Version | null): void {
    if (version) return this.#onAccepted(this.#self, version);
    const inForce = this.committed && versionOf(this.committed);
    if (this.#ballot) this.#onPromise(this.#self, { ballot: this.#ballot, accepted: null, inForce });
  }

  /** Time has passed; to be called a few times a second. */
  tick(nowMs: number): void {
    this.#nowMs = nowMs;
    this.#look();
    if (this.#role === "acting") this.#advance();
    else if (!this.#mayAsk) this.#rest("following");
    else if (this.#role === "asking") {
      if (nowMs < this.#askMs) return;
      this.#introduce();
      this.#retry();
    } else {
      this.#quietMs ??= nowMs;
      if (nowMs - this.#quietMs >= this.#options.patienceMs) this.#ask();
    }
  }

  /** Tells everybody that we act. */
  beat(): void {
    if (this.#mayBeat) for (const voter of this.#presence.others) this.#beat(voter);
  }

  /** Who cannot decide anything leaves it to the other one. */
  get #mayBeat(): boolean {
    return this.#role === "acting" && !(this.#isReady && this.#isResting);
  }

  /** Where the other one acts, we do not; a standby that has no say never does. */
  get #mayAsk(): boolean {
    return (!this.#options.isStandby || hasSay(this.#own.accepted, this.#self)) && !this.isFollowing;
  }

  get #ballot(): Ballot | null {
    return this.#canvass?.ballot ?? null;
  }

  #ask(): void {
    this.#rest("asking");
    const term = (this.#own.seen?.term ?? 0) + 1;
    const ballot = { term, by: this.#options.id };
    this.#canvass = new Canvass(ballot, this.#own.accepted);
    this.#own.keep({ promised: ballot });
    this.#agenda.add({ type: "stored", version: null });
    this.#retry();
  }

  /** Somebody has promised a higher ballot than ours. */
  #askAgain(): void {
    if (this.#mayAsk) this.#ask();
    else this.#rest("following");
  }

  /** The same again, to those who have not promised yet. */
  #retry(): void {
    if (!this.#canvass || compareBallots(this.#own.seen, this.#ballot) > 0) return this.#ask();
    this.#askMs = this.#nowMs + RETRY_MS * (1 + this.#options.random());
    this.#canvass.ask(this.#agenda, this.#presence.others);
  }

  #onPromise(voter: string, promise: Omit<FromVoter & { type: "promise" }, "type">): void {
    if (this.#role === "asking" && this.#canvass?.take(voter, promise)) this.#count(this.#canvass);
  }

  /** Where enough have promised we act, and decide first what we have found. */
  #count(canvass: Canvass): void {
    const { newest: found, before } = canvass;
    const { isStandby, vote } = this.#options;
    if (!found) {
      // Nobody knows of any table. The first one is made by the configured HaloD alone.
      if (isStandby || ![...this.#presence.all].every((voter) => canvass.has(voter))) return;
      this.#role = "acting";
      this.#isReady = true;
      this.#turn(false);
    } else {
      // Quorums of those who were started again rely on it: who has no say does not act. But a file may be lost.
      const maySpeak = hasSay(found, this.#self) || (vote.accepted === null && !isStandby);
      if (!maySpeak || !canvass.isEnough((electorate, voters) => this.#presence.agree(electorate, voters))) return;
      this.#role = "acting";
      const { table, electorate, serial } = found;
      this.#docket.propose({ ballot: canvass.ballot, table, electorate, before }, this.#nowMs, serial);
      this.beat();
    }
  }

  #onAccepted(voter: string, version: Version): void {
    if (this.#role !== "acting" || !this.#docket.onAccepted(voter, version, this.#nowMs)) return;
    this.#isReady = true;
    this.#look();
    this.#advance();
  }

  #advance(): void {
    if (this.isActing && this.#ballot) this.#docket.advance(this.#ballot, this.#nowMs);
  }

  #onDeclined(vowed: Ballot | null): void {
    this.#own.see(vowed);
    if (this.#role === "acting" && compareBallots(this.#own.seen, this.#ballot) > 0) this.#askAgain();
  }

  /** Whether enough can be reached. Where they could not for a while, we go on from what is in force. */
  #look(): void {
    if (this.#role !== "acting" || !this.#isReady) return;
    const electorate = this.committed?.electorate;
    const isResting = electorate !== undefined && !this.#presence.agree(electorate, this.#presence.all);
    if (isResting === this.#isResting) return;
    this.#docket.clear();
    this.#turn(isResting);
  }

  #turn(isResting: boolean): void {
    this.#isResting = isResting;
    this.beat();
    const epoch = this.#own.accepted?.table.epoch ?? 0;
    const turn = ++this.#turns;
    this.#agenda.add(isResting ? { type: "resting" } : { type: "acting", from: this.committed, epoch, turn });
    // Who asks again for what it had is back in a moment.
    if (this.#role !== "asking") this.#introduce();
  }

  #introduce(): void {
    if (this.#presence.peer) this.#agenda.send(this.#presence.peer.voter, this.introduction);
  }

  #rest(role: "following" | "asking"): void {
    const wasActing = this.isActing;
    this.#role = role;
    this.#isReady = false;
    this.#isResting = true;
    this.#docket.clear();
    this.#quietMs = null;
    if (wasActing) this.#turn(true);
  }

  #beat(voter: string): void {
    const { silenceMs } = this.#options;
    if (this.#ballot) this.#agenda.send(voter, { type: "beat", ballot: this.#ballot, silenceMs });
  }
}
