import { arch, cpus, platform, release } from "node:os";

/** One figure with a target. */
export interface Ratio {
  readonly name: string;
  readonly ratio: number;
  readonly target: number;
  /** Which side of the target is good. */
  readonly bound: "at most" | "at least";
}

/** One figure without: where the CPU goes, and how much is done with it. */
export interface Figure {
  readonly name: string;
  readonly value: number;
  readonly unit: string;
}

/** What a scenario found. */
export interface Findings {
  readonly ratios: readonly Ratio[];
  readonly figures: readonly Figure[];
}

/** The middle one; of an even number, the mean of the middle two. */
export function median(values: readonly number[]): number {
  const sorted = values.toSorted((a, b) => a - b);
  const upper = sorted[Math.floor(sorted.length / 2)];
  const lower = sorted[Math.floor((sorted.length - 1) / 2)];
  if (upper === undefined || lower === undefined) throw new RangeError("there is no median of nothing");
  return (lower + upper) / 2;
}

export function isMet({ ratio, target, bound }: Ratio): boolean {
  return bound === "at most" ? ratio <= target : ratio >= target;
}

/** The document of `--json`. */
export function toJson(ratios: readonly Ratio[]): string {
  return JSON.stringify({ ratios: ratios.map((it) => ({ ...it, ratio: Number(rounded(it.ratio)) })) }, null, 2);
}

/** For people. */
export function toTable({ ratios, figures }: Findings): string {
  const rows = [
    ...figures.map(({ name, value, unit }) => [name, rounded(value), unit, ""]),
    ...ratios.map((it) => [
      it.name,
      rounded(it.ratio),
      `${it.bound === "at most" ? "≤" : "≥"} ${it.target}`,
      isMet(it) ? "met" : "missed",
    ]),
  ];
  const widths = [0, 1, 2].map((column) => Math.max(...rows.map((row) => (row[column] ?? "").length)));
  return rows
    .map(([name = "", value = "", unit = "", verdict = ""]) =>
      `  ${name.padEnd(widths[0] ?? 0)}  ${value.padStart(widths[1] ?? 0)}  ${unit.padEnd(widths[2] ?? 0)}  ${verdict}`.trimEnd(),
    )
    .join("\n");
}

/** What the figures hold for. */
export function describeMachine(): string {
  const all = cpus();
  return `${all.length} × ${all[0]?.model.trim() ?? "CPU"}, ${platform()} ${release()} ${arch()}, Node ${process.versions.node}`;
}

function rounded(value: number): string {
  if (value >= 1_000) return String(Math.round(value));
  return value >= 100 ? value.toFixed(0) : value >= 10 ? value.toFixed(1) : value.toFixed(2);
}
