import { dispatchPayload, type Outcome, readOutcomes } from "../../link/index.ts";
import type { BridgeLinks } from "../bridge-links.ts";
import type { Downstream, DownstreamFrame } from "../downstream.ts";
import type { Numbers } from "../numbers.ts";
import type { Waiter } from "../takeovers.ts";
import type { DispatchRequest } from "./dispatch-request.ts";
import { type Failure, type Report, Tally } from "./tally.ts";

/** What a dispatch needs to know and to use. */
export interface DispatchingOptions {
  readonly bridges: BridgeLinks;
  readonly timeoutMs: number;
  /** Of the message. */
  readonly id: string;
}

/** @returns what became of a dispatch, after `timeoutMs` at the latest */
export function dispatch(request: DispatchRequest, options: DispatchingOptions): Promise<Report> {
  return new Dispatching(request, options).done;
}

/** One message on its way to the bridges of its recipients: one frame to each of these bridges, and to no others. */
class Dispatching {
  readonly done: Promise<Report>;
  readonly #request: DispatchRequest;
  readonly #options: DispatchingOptions;
  readonly #tally: Tally;
  readonly #waiting = new Map<Party, Failure>();
  readonly #parcels = new Set<Parcel>();
  /** Those whose turn has come together. */
  readonly #turn = new Set<Party>();
  readonly #timer: NodeJS.Timeout;
  readonly #finish: (report: Report) => void;

  constructor(request: DispatchRequest, options: DispatchingOptions) {
    const { promise, resolve } = Promise.withResolvers<Report>();
    this.done = promise;
    this.#finish = resolve;
    this.#request = request;
    this.#options = options;
    this.#tally = new Tally(request.recipients);
    this.#timer = setTimeout(() => this.#onTimeout(), options.timeoutMs);
    const parties = new Map<number, Party>();
    for (const user of request.recipients) {
      for (const route of options.bridges.routesOfUser(user)) {
        const party = parties.get(route) ?? new Party(this, route);
        parties.set(route, party);
        party.users.push(user);
      }
    }
    this.#send(parties.values());
  }

  /** Its bridge may be there now. */
  onTurn(party: Party): void {
    this.#waiting.delete(party);
    if (this.#turn.size === 0) queueMicrotask(() => this.#send(this.#turn));
    this.#turn.add(party);
  }

  /** No bridge has taken over in time. */
  onOver(party: Party): void {
    const failure = this.#waiting.get(party) ?? "away";
    this.#waiting.delete(party);
    this.#tally.fail(party.users, failure);
    this.#finishIfDone();
  }

  onAnswer(parcel: Parcel, outcomes: readonly Outcome[] | null): void {
    this.#parcels.delete(parcel);
    let next = 0;
    for (const party of parcel.parties) {
      const own = outcomes?.slice(next, (next += party.users.length));
      // All of a party are of one route.
      if (!own) this.#tally.fail(party.users, "odd");
      else if (own.includes("refused")) this.#wait(party, "refused");
      else party.users.forEach((user, index) => this.#tally.take(user, own[index] ?? "unknown"));
    }
    this.#finishIfDone();
  }

  onLost({ parties }: Parcel, failure: Failure): void {
    for (const { users } of parties) this.#tally.fail(users, failure);
  }

  onDown(parcel: Parcel): void {
    this.#parcels.delete(parcel);
    this.onLost(parcel, "lost");
    this.#finishIfDone();
  }

  #send(parties: Iterable<Party>): void {
    const byBridge = new Map<Numbers, Party[]>();
    for (const party of parties) {
      const numbers = this.#options.bridges.numbersOf(party.route);
      if (!numbers) this.#wait(party, "away");
      else if (numbers.isFull) this.#tally.fail(party.users, "busy");
      else byBridge.set(numbers, [...(byBridge.get(numbers) ?? []), party]);
    }
    this.#turn.clear();
    const { data } = this.#request;
    for (const [numbers, together] of byBridge) {
      const recipients = together.flatMap(({ route, users }) => users.map((user) => [user, route] as const));
      const parcel = new Parcel(this, together, numbers);
      this.#parcels.add(parcel);
      parcel.send(dispatchPayload({ id: this.#options.id, recipients, data }));
    }
    this.#finishIfDone();
  }

  /** Another bridge takes over, or is about to; where none can, that is the answer. */
  #wait(party: Party, failure: Failure): void {
    if (this.#options.bridges.takeovers.wait(party)) this.#waiting.set(party, failure);
    else this.#tally.fail(party.users, failure);
  }

  #onTimeout(): void {
    for (const [party, failure] of this.#waiting) {
      this.#options.bridges.takeovers.leave(party);
      this.#tally.fail(party.users, failure);
    }
    this.#waiting.clear();
    for (const parcel of this.#parcels) {
      parcel.abandon();
      this.onLost(parcel, "late");
    }
    this.#parcels.clear();
    this.#finishIfDone();
  }

  #finishIfDone(): void {
    if (this.#waiting.size > 0 || this.#parcels.size > 0 || this.#turn.size > 0) return;
    clearTimeout(this.#timer);
    this.#finish(this.#tally.report());
  }
}

/** The recipients of one route. */
class Party implements Waiter {
  readonly route: number;
  readonly users: string[] = [];
  readonly #owner: Dispatching;

  constructor(owner: Dispatching, route: number) {
    this.#owner = owner;
    this.route = route;
  }

  get bytes(): number {
    return this.users.reduce((sum, user) => sum + user.length, 0);
  }

  onTurn(): void {
    this.#owner.onTurn(this);
  }

  onOver(): void {
    this.#owner.onOver(this);
  }
}

/** One frame to one bridge, until its answer. */
class Parcel implements Downstream {
  readonly clientId = null;
  readonly outlet = null;
  readonly parties: readonly Party[];
  readonly #owner: Dispatching;
  readonly #numbers: Numbers;
  #number = 0;

  constructor(owner: Dispatching, parties: readonly Party[], numbers: Numbers) {
    this.#owner = owner;
    this.parties = parties;
    this.#numbers = numbers;
  }

  send(payload: Buffer): void {
    this.#number = this.#numbers.open(this);
    this.#numbers.dispatch(this.#number, payload);
  }

  /** Nobody waits for the answer any more. */
  abandon(): void {
    this.#numbers.close(this.#number);
  }

  onFrame(frame: DownstreamFrame): void {
    if (frame.type === "answer" && frame.isFinal) this.#numbers.free(this.#number);
    else this.#numbers.close(this.#number);
    const recipients = this.parties.reduce((sum, { users }) => sum + users.length, 0);
    this.#owner.onAnswer(this, frame.type === "answer" ? readOutcomes(frame.payload, recipients) : null);
  }

  onDown(): void {
    this.#owner.onDown(this);
  }
}
