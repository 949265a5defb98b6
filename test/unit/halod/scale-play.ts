import { scaleSchema, type ScaleConfig } from "../../../halod/scale-config.ts";
import { emptyScale, stepScale, TICK_MS, type ScalePolicy, type ScaleState } from "../../../halod/scale-policy.ts";
import { seeded } from "../../support/seeded.ts";

export const SECONDS_PER_HOUR = 3_600;

export interface Weather {
  /** What all bridges together have to bear, in bridges, at a second. */
  readonly demand: (second: number) => number;
  /** Every sample of a bridge is off by up to so much; `slow` is off alike for minutes. */
  readonly noise?: number;
  readonly slow?: number;
  /** The share of samples that never arrive. */
  readonly missing?: number;
  /** About so often, in seconds, demand is three times as high for 5 s. */
  readonly burstEvery?: number;
  /** About so often, in seconds, the clock jumps by up to two hours, forwards or backwards. */
  readonly jumpEvery?: number;
  readonly seed?: number;
}

export interface Act {
  readonly second: number;
  readonly active: number;
  readonly change: number;
}

/** How long a bridge that was started takes to register. */
const START_SECONDS = 8;
/** For so long after a move sessions handshake again, and cost half a bridge more in all. */
const STORM_SECONDS = 10;
const STORM = 0.5;

export function policyOf(changes: Partial<ScaleConfig> = {}, spares = 0): ScalePolicy {
  return { ...scaleSchema.parse(changes), spares, canStop: true };
}

/** A cluster under a load, second by second: what bridges report, what the policy makes of it, and what comes of that. */
export class ScalePlay {
  readonly acts: Act[] = [];
  active: number;
  second = 0;
  readonly #policy: ScalePolicy;
  readonly #weather: Weather;
  readonly #random: () => number;
  #state: ScaleState = emptyScale();
  #nowMs = 1_795_280_000_000;
  #coming: { at: number; count: number } | null = null;
  #stormUntil = 0;
  #burstUntil = 0;
  #drift = 0;

  constructor(active: number, weather: Weather, policy: ScalePolicy = policyOf()) {
    this.active = active;
    this.#policy = policy;
    this.#weather = weather;
    this.#random = seeded(weather.seed ?? 1);
  }

  run(seconds: number): this {
    for (const end = this.second + seconds; this.second < end; this.second++) this.#tick();
    return this;
  }

  #tick(): void {
    if (this.#coming && this.#coming.at <= this.second) {
      this.active += this.#coming.count;
      this.#coming = null;
      this.#stormUntil = this.second + STORM_SECONDS;
    }
    const seen = { active: this.active, reserve: 0, isSteady: true, isActing: false, load: this.#measure() };
    const { state, action } = stepScale(this.#state, seen, this.#clock(), this.#policy);
    this.#state = state;
    if (!action) return;
    const change = action.type === "start" ? action.count : -1;
    this.acts.push({ second: this.second, active: this.active, change });
    this.#coming = { at: this.second + (change > 0 ? START_SECONDS : 1), count: change };
  }

  /** As HaloD does it: those who have said stand for the others. */
  #measure(): number | null {
    const { demand, noise = 0, slow = 0, missing = 0, burstEvery = Infinity } = this.#weather;
    if (this.#random() < 1 / burstEvery) this.#burstUntil = this.second + 5;
    // A walk that forgets within two minutes.
    this.#drift = Math.max(-1, Math.min(1, this.#drift * 0.992 + (this.#random() - 0.5) * 0.3));
    const storm = this.second < this.#stormUntil ? STORM : 0;
    const burst = this.second < this.#burstUntil ? 3 : 1;
    const each = (demand(this.second) * burst * (1 + this.#drift * slow) + storm) / this.active;
    let [sum, count] = [0, 0];
    for (let bridge = 0; bridge < this.active; bridge++) {
      if (this.#random() < missing) continue;
      sum += Math.min(1, each * (1 + (this.#random() * 2 - 1) * noise));
      count++;
    }
    return count * 2 < this.active || count === 0 ? null : (sum * this.active) / count;
  }

  #clock(): number {
    this.#nowMs += TICK_MS;
    if (this.#random() < 1 / (this.#weather.jumpEvery ?? Infinity)) this.#nowMs += (this.#random() - 0.5) * 14_400_000;
    return this.#nowMs;
  }
}
