/** How much is measured, and how it is told; the same for all scenarios. */
export interface Plan {
  /** Only what must be short. */
  readonly isQuick: boolean;
  readonly rounds: number;
  readonly warmUpMs: number;
  readonly runMs: number;
  /** Set up per run, by the scenario that measures that. */
  readonly sessions: number;
  /** Ends everything that is waited for. */
  readonly signal: AbortSignal;
  say(line: string): void;
}
