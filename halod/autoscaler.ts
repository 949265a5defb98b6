import type { Logger } from "pino";
import { runCommand, type Environment } from "./command.ts";
import type { HalodConfig } from "./config.ts";
import type { Membership } from "./membership.ts";
import type { MemberNumbers } from "./reports.ts";
import {
  emptyScale,
  failedScale,
  stepScale,
  TICK_MS,
  type Observation,
  type ScaleAction,
  type ScalePolicy,
  type ScaleState,
} from "./scale-policy.ts";

export interface AutoscalerOptions {
  readonly config: HalodConfig;
  readonly log: Logger;
  /** Milliseconds that only grow. */
  readonly now: () => number;
  readonly membership: () => Membership;
  /** Only the HaloD that acts does anything. */
  readonly isActing: () => boolean;
  /** What commands are run with, besides what they are told. */
  readonly environment: Environment;
}

/** What of a bridge's report counts. */
type Load = Pick<MemberNumbers, "sessions" | "busy">;

/** A bridge that has said nothing for so long is not counted on. */
const STALE_MS = 5_000;

/** Starts and stops bridges by commands, as the policy says. */
export class Autoscaler implements AsyncDisposable {
  readonly #options: AutoscalerOptions;
  readonly #log: Logger;
  readonly #policy: ScalePolicy;
  readonly #loads = new Map<string, { readonly load: Load; readonly atMs: number }>();
  readonly #stop = new AbortController();
  #state: ScaleState = emptyScale();
  #timer: NodeJS.Timeout | null = null;
  #running: Promise<void> | null = null;
  #isCapped = false;

  constructor(options: AutoscalerOptions) {
    this.#options = options;
    this.#log = options.log.child({ component: "autoscaler" });
    const { autoscale, spares } = options.config;
    this.#policy = { ...autoscale, spares, canStop: autoscale.stop.length > 0 };
  }

  /** Without a command to start bridges there is nothing to do. */
  start(): void {
    if (this.#options.config.autoscale.start.length > 0) this.#timer = setInterval(() => this.#tick(), TICK_MS).unref();
  }

  onLoad(instance: string, load: Load): void {
    const isMember = this.#options.membership().members.some((member) => member.instance === instance);
    if (isMember) this.#loads.set(instance, { load, atMs: this.#options.now() });
  }

  /** Whether a bridge that leaves now goes because it is not needed any more, so that nobody is to take its place. */
  get isSurplus(): boolean {
    const { pending } = this.#state;
    // Which one that is may be another's choice: what counts is how many there are.
    return pending?.type === "stop" && this.#options.membership().members.length > pending.total;
  }

  /** Ends a command that is running. Safe before `start`, and to call again. */
  async [Symbol.asyncDispose](): Promise<void> {
    if (this.#timer) clearInterval(this.#timer);
    this.#stop.abort();
    await this.#running;
  }

  #tick(): void {
    if (!this.#options.isActing()) return;
    const seen = this.#observe();
    const before = this.#state;
    const { state, action, late, isCapped, load } = stepScale(before, seen, this.#options.now(), this.#policy);
    this.#state = state;
    const there = seen.active + seen.reserve;
    if (late?.type === "start")
      this.#tellFailure({ wanted: late.total, there }, "bridges that were started did not register in time");
    if (late?.type === "stop")
      this.#tellFailure({ wanted: late.total, there }, "a bridge that was stopped did not leave");
    if (before.pending && !state.pending && !late) this.#log.info({ bridges: there }, "number of bridges reached");
    if (isCapped && !this.#isCapped)
      this.#log.warn({ load, active: seen.active }, "more bridges are needed than halod.autoscale.max allows");
    this.#isCapped = isCapped;
    if (action) this.#act(action, seen, load);
  }

  #observe(): Observation {
    const { members, active, isFormed } = this.#options.membership();
    const present = new Set(members.map(({ instance }) => instance));
    for (const instance of this.#loads.keys()) if (!present.has(instance)) this.#loads.delete(instance);
    // Before the first table nobody has anything to do, and those who are there will have.
    const count = isFormed ? active.length : members.length;
    return {
      active: count,
      reserve: members.length - count,
      isSteady: members.every(({ lostMs }) => lostMs === null),
      load: this.#loadOf(active),
      isActing: this.#running !== null,
    };
  }

  /** Of all active bridges, going by those who have said; null where fewer than half have. */
  #loadOf(active: readonly string[]): number | null {
    const { now, config } = this.#options;
    const freshMs = now() - STALE_MS;
    const loads = active.flatMap((instance) => {
      const told = this.#loads.get(instance);
      if (!told || told.atMs < freshMs) return [];
      return [Math.max(told.load.busy, told.load.sessions / config.autoscale.sessionsPerBridge)];
    });
    if (loads.length === 0 || loads.length * 2 < active.length) return null;
    return (loads.reduce((sum, load) => sum + load, 0) * active.length) / loads.length;
  }

  #act(action: ScaleAction, seen: Observation, load: number | null): void {
    const { autoscale } = this.#options.config;
    const nodes = action.type === "start" ? this.#freeNumbers(action.count) : this.#surplus();
    const wanted = seen.active + seen.reserve + (action.type === "start" ? nodes.length : -nodes.length);
    this.#log.info({ action: action.type, nodes, wanted, active: seen.active, load }, "number of bridges changes");
    this.#running = this.#run(autoscale[action.type], action.type, nodes, wanted).finally(() => {
      this.#running = null;
    });
  }

  async #run(command: readonly string[], action: string, nodes: readonly number[], wanted: number): Promise<void> {
    const { environment, config } = this.#options;
    const told = { HALOD_ACTION: action, HALOD_NODES: nodes.join(" "), HALOD_WANTED: String(wanted) };
    const timeoutMs = config.autoscale.commandTimeoutMs;
    const signal = this.#stop.signal;
    const { failure, output } = await runCommand({
      command,
      environment: { ...environment, ...told },
      timeoutMs,
      signal,
    });
    if (signal.aborted) return;
    if (failure === null) {
      this.#log.info({ action, nodes, output }, "command done");
      return;
    }
    this.#state = failedScale(this.#state, this.#policy);
    this.#tellFailure({ action, nodes, command, reason: failure, output }, "command failed");
  }

  #tellFailure(detail: object, text: string): void {
    const { retryMs, clockMs, failures } = this.#state;
    this.#log.error({ ...detail, failures, retryInMs: Math.round(retryMs - clockMs) }, text);
  }

  /** The lowest that nobody has. */
  #freeNumbers(count: number): number[] {
    const taken = new Set(this.#options.membership().members.map(({ node }) => node));
    const free: number[] = [];
    for (let node = 1; free.length < count; node++) if (!taken.has(node)) free.push(node);
    return free;
  }

  /** The highest number, also of a spare: who numbers bridges from below can stop no other. */
  #surplus(): number[] {
    return [Math.max(...this.#options.membership().members.map(({ node }) => node))];
  }
}
