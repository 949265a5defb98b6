import { claimPayload, readSurrender } from "../../link/index.ts";
import type { Logger } from "pino";
import type { Cluster } from "../../halod/index.ts";
import type { Recall } from "../keepers/recall.ts";
import type { Holding } from "../moves/holding.ts";
import type { Downlink } from "../session/downlink.ts";
import type { Session } from "../session/session.ts";
import { Recollection } from "./recollection.ts";
import type { Recovery } from "./recovery.ts";
import type { Tickets } from "./tickets.ts";

/** What taking over needs. */
export interface TakeoverOptions {
  /** Our own number. */
  readonly node: number;
  readonly recovery: Recovery;
  readonly tickets: Tickets;
  /** Channels that have to be joined for sessions to come. */
  readonly hold: () => Holding;
  /** What others have kept of bridges that were in the former table. */
  readonly recall: (former: Cluster, table: Cluster, holding: Holding) => Recall;
  readonly downlinks: () => Iterable<Downlink<Session>>;
  readonly owns: (route: number) => boolean;
  /** The sessions of some routes are here, as far as they will come. */
  readonly onArrived: () => void;
  /** How long routes wait for their sessions, at most. */
  readonly handoverMs: number;
  readonly now: () => number;
  readonly log: Logger;
}

/** Routes that are taken over together. */
interface Run {
  readonly epoch: number;
  readonly routes: ReadonlySet<number>;
  readonly recollection: Recollection;
  readonly holding: Holding;
  readonly recall: Recall;
  readonly startMs: number;
  readonly deadlineMs: number;
  /** Those that were there when it began, and have not answered. */
  readonly awaited: Set<Downlink<Session>>;
  /** Those that have. */
  readonly answered: WeakSet<Downlink<Session>>;
  state: "asking" | "rebuilding" | "done";
  timer: NodeJS.Timeout | undefined;
}

/** A dispatcher that comes later is asked as well, for so long. */
const ASK_MS = 60_000;
/** So many sessions are rebuilt side by side. */
const AT_ONCE = 500;

/**
 * Takes over the routes of bridges that have died: asks all dispatchers for the tickets of their sessions, which fences the
 * dead one off, and serves these routes when the sessions are there, or when the time is over.
 */
export class Takeover {
  readonly #options: TakeoverOptions;
  readonly #runs = new Map<number, Run>();
  #table: Cluster | null = null;

  constructor(options: TakeoverOptions) {
    this.#options = options;
  }

  /** What a dispatcher is told of our own sessions, so that others could take over from us. */
  get notesFor(): Tickets["notesFor"] {
    return this.#options.tickets.notesFor;
  }

  /** A newer table is in force. @param isKept whether a route's sessions are here already, or come from a bridge that lives */
  follow(table: Cluster, isKept: (route: number) => boolean): void {
    const former = this.#table;
    this.#table = table;
    for (const run of this.#runs.values()) if (!this.#isWanted(run)) this.#forget(run);
    if (!former) return;
    const isOrphaned = (owner: number): boolean => {
      const before = former.nodes.find(({ node }) => node === owner);
      const after = table.nodes.find(({ node }) => node === owner);
      const isSameProcess = before?.instance === after?.instance;
      const isSame = isSameProcess && before?.sinceMs === after?.sinceMs;
      // Of our own, what our former process had, and what was on its way to us from one that has died meanwhile.
      return owner === this.#options.node ? isSame || !isSameProcess : !isSame;
    };
    const routes = table.owners.flatMap((_, index) => {
      const owner = former.owners[index] ?? 0;
      const route = index + 1;
      const isOurs = owner !== 0 && this.#options.owns(route) && !isKept(route);
      return isOurs && isOrphaned(owner) ? [route] : [];
    });
    if (routes.length > 0) this.#begin(table, routes, former);
  }

  /** The sessions of a route are being rebuilt: what comes for it has to wait. */
  isComing(route: number): boolean {
    for (const { routes, state } of this.#runs.values()) if (state !== "done" && routes.has(route)) return true;
    return false;
  }

  /** False for a dispatcher that has come later, and may have tickets of its own: it has to answer first. */
  mayServe(route: number, downlink: Downlink<Session>): boolean {
    for (const { routes, answered } of this.#runs.values())
      if (routes.has(route) && !answered.has(downlink)) return false;
    return true;
  }

  /** A dispatcher is there. */
  up(downlink: Downlink<Session>): void {
    for (const run of this.#runs.values()) {
      if (run.state === "asking") run.awaited.add(downlink);
      this.#ask(run, downlink);
    }
  }

  down(downlink: Downlink<Session>): void {
    this.#options.tickets.lost(downlink);
    for (const run of this.#runs.values()) if (run.awaited.delete(downlink)) this.#look(run);
  }

  /** @returns false for what makes no sense */
  take(downlink: Downlink<Session>, payload: Buffer): boolean {
    const content = readSurrender(payload);
    const run = content && this.#runs.get(content.epoch);
    if (!run) return content !== null;
    run.recollection.add(content);
    if (!content.isLast) return true;
    run.awaited.delete(downlink);
    if (run.state === "done") this.#late(run, downlink);
    else run.answered.add(downlink);
    this.#look(run);
    return true;
  }

  stop(): void {
    for (const run of this.#runs.values()) this.#forget(run);
  }

  #begin(table: Cluster, routes: readonly number[], former: Cluster): void {
    const { hold, recall, downlinks, handoverMs, now, log } = this.#options;
    const startMs = now();
    const { epoch } = table;
    const holding = hold();
    const run: Run = {
      epoch,
      routes: new Set(routes),
      recollection: new Recollection(),
      holding,
      recall: recall(former, table, holding),
      startMs,
      deadlineMs: startMs + handoverMs,
      awaited: new Set(downlinks()),
      answered: new WeakSet(),
      state: "asking",
      timer: undefined,
    };
    this.#runs.set(epoch, run);
    run.timer = setTimeout(() => this.#rebuild(run), handoverMs / 2).unref();
    log.info({ epoch, routes: routes.length, dispatchers: run.awaited.size }, "taking over routes");
    for (const downlink of run.awaited) this.#ask(run, downlink);
    this.#look(run);
  }

  #ask({ epoch, routes }: Run, downlink: Downlink<Session>): void {
    downlink.send({ type: "claim", payload: claimPayload({ epoch, routes: [...routes] }) });
  }

  /** Every dispatcher that is there has answered. */
  #look(run: Run): void {
    if (run.state === "asking" && run.awaited.size === 0) this.#rebuild(run);
  }

  #rebuild(run: Run): void {
    if (run.state !== "asking") return;
    run.state = "rebuilding";
    clearTimeout(run.timer);
    this.#recoverAll(run).then(
      (count) => {
        this.#options.log.info(
          { epoch: run.epoch, sessions: count, ms: this.#options.now() - run.startMs },
          "routes taken over",
        );
        this.#finish(run);
      },
      (error: unknown) => {
        // Only a bug gets here; the routes must be served all the same.
        this.#options.log.error({ err: error }, "taking over failed");
        this.#finish(run);
      },
    );
  }

  #finish(run: Run): void {
    if (run.state === "done") return;
    run.state = "done";
    run.holding.release();
    run.timer = setTimeout(() => this.#forget(run), ASK_MS).unref();
    this.#options.onArrived();
  }

  /** Who is late may have tickets that nobody else has. */
  #late(run: Run, downlink: Downlink<Session>): void {
    const { now, handoverMs, hold, log } = this.#options;
    const holding = hold();
    this.#recoverAll({ ...run, holding, deadlineMs: now() + handoverMs })
      .catch((error: unknown) => log.error({ err: error }, "taking over failed"))
      .finally(() => {
        holding.release();
        run.answered.add(downlink);
      });
  }

  /** @returns how many live on */
  async #recoverAll(run: Run): Promise<number> {
    const { recovery, owns } = this.#options;
    const waiting = [...run.recollection.tickets];
    let count = 0;
    while (waiting.length > 0) {
      const some = waiting.splice(0, AT_ONCE);
      const lives = await Promise.all(some.map((ticket) => recovery.recover(ticket, { ...run, owns })));
      count += lives.filter(Boolean).length;
    }
    return count;
  }

  #isWanted({ routes }: Run): boolean {
    return [...routes].some((route) => this.#options.owns(route));
  }

  #forget(run: Run): void {
    clearTimeout(run.timer);
    this.#runs.delete(run.epoch);
    run.holding.release();
    run.state = "done";
    run.recall[Symbol.asyncDispose]().catch((error: unknown) => {
      this.#options.log.error({ err: error }, "closing a link failed");
    });
  }
}
