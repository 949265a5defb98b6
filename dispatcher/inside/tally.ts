import type { Outcome } from "../../link/index.ts";

/** Why a bridge has not told what became of its recipients. */
export type Failure = "away" | "busy" | "refused" | "lost" | "late" | "odd";

/** What an app is told. Each recipient is in one of the lists, in the order in which they were named. */
export interface Report {
  /** Given to at least one session. */
  readonly delivered: readonly string[];
  /** Nobody has got it: no session listens, or a fault says why. */
  readonly unreachable: readonly string[];
  /** Nobody is called so. */
  readonly unknown: readonly string[];
  /** It cannot be known whether they have got it; a fault says why. Only where there are such. */
  readonly unconfirmed?: readonly string[];
  /** What failed on our side. Only where something did. */
  readonly faults?: readonly { readonly users: readonly string[]; readonly error: string }[];
}

const TEXTS: Readonly<Record<Failure, string>> = {
  away: "the bridge of these users is away",
  busy: "too much waits on the link to the bridge of these users",
  refused: "these users are moving to another bridge",
  lost: "the bridge of these users went away before it answered",
  late: "the bridge of these users did not answer in time",
  odd: "the bridge of these users gave an answer that makes no sense",
};

/** Where a user may be at two bridges, what counts is the one that is greatest. */
const RANK = {
  unknown: 0,
  unreachable: 1,
  refused: 2,
  busy: 2,
  away: 2,
  odd: 3,
  late: 3,
  lost: 3,
  delivered: 4,
} as const satisfies Record<Outcome | Failure, number>;

/** Counts together what became of each recipient. */
export class Tally {
  readonly #fates = new Map<string, Outcome | Failure>();
  readonly #recipients: readonly string[];

  constructor(recipients: readonly string[]) {
    this.#recipients = recipients;
  }

  take(user: string, fate: Outcome | Failure): void {
    const known = this.#fates.get(user);
    if (known === undefined || RANK[fate] > RANK[known]) this.#fates.set(user, fate);
  }

  fail(users: readonly string[], failure: Failure): void {
    for (const user of users) this.take(user, failure);
  }

  report(): Report {
    const those = (...ranks: number[]) => this.#recipients.filter((user) => ranks.includes(RANK[this.#fateOf(user)]));
    const unconfirmed = those(RANK.lost);
    const faults = Object.entries(TEXTS).flatMap(([failure, error]) => {
      const users = this.#recipients.filter((user) => this.#fateOf(user) === failure);
      return users.length > 0 ? [{ users, error }] : [];
    });
    return {
      delivered: those(RANK.delivered),
      unreachable: those(RANK.unreachable, RANK.away),
      unknown: those(RANK.unknown),
      ...(unconfirmed.length > 0 ? { unconfirmed } : {}),
      ...(faults.length > 0 ? { faults } : {}),
    };
  }

  #fateOf(user: string): Outcome | Failure {
    return this.#fates.get(user) ?? "unknown";
  }
}
