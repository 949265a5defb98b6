import { type Criterion, findingsOf, percentile } from "./criteria.ts";
import { EXPECTED } from "./expectations.ts";
import type { FaultResult } from "./window.ts";

const COLUMNS: readonly (readonly [title: string, width: number])[] = [
  ["fault", 16],
  ["seen", 8],
  ["lost", 7],
  ["silent", 7],
  ["twice", 6],
  ["order", 6],
  ["untrue", 7],
  ["unknown", 8],
  ["shakes", 7],
  ["reconn", 7],
  ["gaps", 5],
  ["p50 ms", 8],
  ["p99 ms", 8],
  ["target", 7],
  ["moved", 6],
  ["of", 6],
  ["mod", 6],
];

/** What a run has to say of a fault, beside its line. */
export interface Judgement {
  readonly line: string;
  readonly details: readonly string[];
  /** Nothing that is expected is not met. */
  readonly isAsExpected: boolean;
}

export function headLine(): string {
  return row(COLUMNS.map(([title]) => title));
}

/** A fault's line of the table, what it met and did not, and whether that was to be expected. */
export function judge(result: FaultResult): Judgement {
  const { fault, verdict, routes, pausesMs, notes } = result;
  const findings = findingsOf(result);
  const expected: readonly Criterion[] = EXPECTED[fault.name] ?? [];
  const named = (isMet: boolean, isExpected: boolean): string[] =>
    [...findings]
      .filter(([name, met]) => met === isMet && expected.includes(name) === isExpected)
      .map(([name]) => name);
  const broken = named(false, true);
  const line = row([
    fault.name,
    verdict.seen,
    fault.losesNetwork ? `${verdict.lost - verdict.noticed}+${verdict.noticed}` : verdict.lost,
    verdict.silent,
    verdict.twice,
    verdict.disordered,
    verdict.untrue,
    verdict.unknown,
    verdict.handshakes,
    verdict.reconnects,
    verdict.gaps,
    milliseconds(percentile(pausesMs, 50)),
    milliseconds(percentile(pausesMs, 99)),
    fault.pauseMs === undefined ? "-" : `<${fault.pauseMs}`,
    routes.isTable ? routes.actual : `${routes.actual}!`,
    routes.expected,
    routes.modHash,
  ]);
  const details = [
    ...told("met", named(true, true)),
    ...told("met as well", named(true, false)),
    ...told("not met, as expected", named(false, false)),
    ...told("NOT MET", broken),
    ...notes,
    ...(broken.length === 0 ? verdict.faults.slice(0, 2) : verdict.faults),
    ...(routes.isTable ? [] : ["the last table is not the one that these changes make"]),
  ];
  return { line, details, isAsExpected: broken.length === 0 };
}

/** What the columns mean. */
export const LEGEND = [
  "seen: messages that came to sessions. lost: that did not; for restart-ircd without a notice + with one. silent: of those, what",
  "neither a notice nor a handshake tells of. untrue: publishes that were answered otherwise than the network shows. unknown:",
  "publishes with an unknown outcome. shakes, reconn: extra handshakes, lost connections and failed polls. p50, p99: the longest that",
  "a message waited for a session, from when the fault began, of the sessions whose route moved (else those that lost their",
  "connection, else all). moved, of: routes that moved, and had to; mod: what `route mod n` would have moved.",
] as const;

function told(title: string, names: readonly string[]): string[] {
  return names.length === 0 ? [] : [`${title}: ${names.join(", ")}`];
}

function milliseconds(value: number): string {
  return Number.isFinite(value) ? value.toFixed(0) : "never";
}

function row(cells: readonly (string | number)[]): string {
  return cells
    .map((cell, index) =>
      index === 0 ? String(cell).padEnd(COLUMNS[0]?.[1] ?? 0) : String(cell).padStart(COLUMNS[index]?.[1] ?? 8),
    )
    .join("");
}
