const WARN = 40;

/** A line of a process's log. */
export interface LogLine {
  readonly level: number;
  readonly msg: string;
  readonly [field: string]: unknown;
}

/** The lines of a log. @throws Error for one that is not JSON, or says nothing */
export function linesOf(log: readonly string[]): LogLine[] {
  return log.map((line) => {
    const value: unknown = JSON.parse(line);
    if (!isLogLine(value)) throw new Error(`a log line without a level or a text: ${line}`);
    return value;
  });
}

/** How often each kind of fault of a peer was counted, as the log last said. */
export function faultsOf(log: readonly string[]): Map<string, number> {
  const faults = new Map<string, number>();
  for (const { kind, count } of linesOf(log)) {
    if (typeof kind === "string" && typeof count === "number") faults.set(kind, count);
  }
  return faults;
}

/** Lines above a warning: what no peer may cause. */
export function problemsOf(log: readonly string[]): LogLine[] {
  return linesOf(log).filter(({ level }) => level > WARN);
}

function isLogLine(value: unknown): value is LogLine {
  return (
    typeof value === "object" &&
    value !== null &&
    "level" in value &&
    typeof value.level === "number" &&
    "msg" in value &&
    typeof value.msg === "string" &&
    value.msg !== ""
  );
}
