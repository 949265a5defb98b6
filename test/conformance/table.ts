import type { Cell } from "./features.ts";
import type { Row } from "./rows.ts";

/** What became of one row: a cell for each feature. */
export interface Result {
  readonly row: Row;
  readonly cells: Readonly<Record<string, Cell>>;
}

/** The table, with its columns aligned, in Markdown. @param features the columns, in order */
export function tableOf(results: readonly Result[], features: readonly string[]): string {
  const head = ["client", "in", "transport", ...features];
  const body = results.map(({ row: { client, runtime, transport }, cells }) => [
    client,
    runtime,
    transport,
    ...features.map((feature) => cells[feature] ?? "FAILED"),
  ]);
  const widths = head.map((_, column) => Math.max(...[head, ...body].map((cells) => cells[column]?.length ?? 0)));
  const line = (cells: readonly string[]): string =>
    `| ${cells.map((cell, column) => cell.padEnd(widths[column] ?? 0)).join(" | ")} |`;
  return [line(head), line(widths.map((width) => "-".repeat(width))), ...body.map(line)].join("\n");
}
