const MAX_SHOWN = 50;

/** A fault of the operator: told as it is, without a stack; the process ends with exit code 2. */
export class ConfigError extends Error {
  override readonly name = "ConfigError";
  /** One line per fault: where it came from, what is wrong, what is allowed. */
  readonly faults: readonly string[];

  /** @param where they are, as the headline of several says it */
  constructor(faults: readonly string[], where = "in the configuration") {
    super(describe(faults, where));
    this.faults = faults;
  }
}

/** The exit code that an error ends the process with: 2 for the operator's faults, 1 for anything else. */
export function exitCodeOf(error: unknown): 1 | 2 {
  return error instanceof ConfigError ? 2 : 1;
}

function describe(faults: readonly string[], where: string): string {
  const [first] = faults;
  if (faults.length === 1 && first !== undefined) return first;
  const shown = faults.slice(0, MAX_SHOWN).map((fault) => `  ${fault}`);
  const rest = faults.length - shown.length;
  if (rest > 0) shown.push(`  and ${rest} more`);
  return [`${faults.length} faults ${where}:`, ...shown].join("\n");
}
