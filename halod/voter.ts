import {
  accepted,
  compareBallots,
  compareVersions,
  NO_VOTE,
  promised,
  versionOf,
  type Ballot,
  type Proposal,
  type SavedTable,
  type Version,
  type Vote,
} from "./vote.ts";
import type { FromHalod, FromVoter } from "./vote-messages.ts";

/** Those that may still be said to be in force. */
const MAX_KEPT = 4;

/** What a voter makes of something that a HaloD said. */
export interface Heard {
  /** For whoever said it; null where there is nothing to say. */
  readonly answer: FromVoter | null;
  /** What is in force now; null where that is not news. */
  readonly table: SavedTable | null;
}

/** The HaloD that acts, as far as a member knows. */
interface Acting<L> {
  readonly link: L;
  readonly ballot: Ballot;
  /** When it was heard last, and how long it may be silent. */
  readonly heardMs: number;
  readonly silenceMs: number;
}

const NOTHING: Heard = { answer: null, table: null };

/**
 * A member's part in the vote: it promises one HaloD after the other that it will accept nothing older, and does what has
 * been decided. It has no clock and no links: it is told the time, and who says something. `L` is whatever a link is.
 */
export class Voter<L> {
  #vote: Vote = NO_VOTE;
  readonly #kept: Proposal[] = [];
  #inForce: Version | null = null;
  #acting: Acting<L> | null = null;

  /** Where the HaloD is that acts; null while none does that we can reach. */
  get acting(): L | null {
    return this.#acting?.link ?? null;
  }

  /** The highest ballot that we have promised. */
  get promised(): Ballot | null {
    return this.#vote.promised;
  }

  onDown(link: L): void {
    if (this.#acting?.link === link) this.#acting = null;
  }

  /** @param nowMs milliseconds that only grow */
  onMessage(link: L, message: FromHalod, nowMs: number): Heard {
    switch (message.type) {
      case "ask":
        return { answer: this.#onAsk(link, message, nowMs), table: null };
      case "propose":
        return { answer: this.#onPropose(link, message.proposal, nowMs), table: null };
      case "commit":
        return this.#onCommit(link, message, nowMs);
      case "beat":
        return { answer: this.#onBeat(link, message, nowMs), table: null };
    }
  }

  #onAsk(link: L, { ballot, has }: FromHalod & { type: "ask" }, nowMs: number): FromVoter {
    const acting = this.#acting;
    const isLinked = acting !== null && acting.link !== link && nowMs - acting.heardMs < acting.silenceMs;
    const vote = isLinked ? null : promised(this.#vote, ballot);
    if (!vote) return { type: "declined", promised: this.#vote.promised, isLinked };
    this.#vote = vote;
    if (acting?.link !== link) this.#acting = null;
    const isNews = compareVersions(vote.accepted, has) > 0;
    return { type: "promise", ballot, accepted: isNews ? vote.accepted : null, inForce: this.#inForce };
  }

  #onPropose(link: L, proposal: Proposal, nowMs: number): FromVoter {
    const vote = accepted(this.#vote, proposal);
    if (!vote) return { type: "declined", promised: this.#vote.promised, isLinked: false };
    this.#vote = vote;
    this.#kept.push(proposal);
    if (this.#kept.length > MAX_KEPT) this.#kept.shift();
    this.#follow(link, proposal.ballot, nowMs);
    return { type: "accepted", version: versionOf(proposal) };
  }

  #onCommit(link: L, { version }: FromHalod & { type: "commit" }, nowMs: number): Heard {
    this.#heard(link, nowMs);
    const proposal = this.#kept.find((each) => compareVersions(each, version) === 0);
    if (proposal && compareVersions(version, this.#inForce) > 0) this.#inForce = version;
    return proposal ? { answer: null, table: proposal.table } : NOTHING;
  }

  #onBeat(link: L, { ballot, silenceMs }: FromHalod & { type: "beat" }, nowMs: number): FromVoter | null {
    // It hung, perhaps, and does not know that another one has taken over.
    if (compareBallots(ballot, this.#vote.promised) < 0)
      return { type: "declined", promised: this.#vote.promised, isLinked: false };
    this.#acting = { link, ballot, heardMs: nowMs, silenceMs };
    return null;
  }

  /** How long it may be silent is what it said last; until it has, we hold to it as long as the link is there. */
  #follow(link: L, ballot: Ballot, nowMs: number): void {
    const silenceMs = this.#acting?.link === link ? this.#acting.silenceMs : Number.POSITIVE_INFINITY;
    this.#acting = { link, ballot, heardMs: nowMs, silenceMs };
  }

  #heard(link: L, nowMs: number): void {
    if (this.#acting?.link === link) this.#acting = { ...this.#acting, heardMs: nowMs };
  }
}
