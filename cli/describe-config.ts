import type { ConfigKey } from "./keys.ts";

const HEAD = ["Key", "Flag", "Variable", "Value", "Default", "Meaning"];

/** Every key as a Markdown table, for docs/configuration.md; laid out as prettier leaves it. */
export function describeConfig(keys: readonly ConfigKey[]): string {
  const rows = keys.map((key) => [
    code(key.name),
    [key.shortFlag, key.flag].flatMap((flag) => (flag === undefined ? [] : [code(flag)])).join(", "),
    code(key.env),
    cell(key.allowed),
    defaultOf(key),
    cell(key.description) + (key.isSecret ? " (never shown)" : ""),
  ]);
  const widths = HEAD.map((head, column) => Math.max(3, head.length, ...rows.map((row) => row[column]?.length ?? 0)));
  const line = (row: readonly string[]) =>
    `| ${row.map((text, column) => text.padEnd(widths[column] ?? 0)).join(" | ")} |`;
  return [line(HEAD), line(widths.map((width) => "-".repeat(width))), ...rows.map(line), ""].join("\n");
}

function defaultOf({ default: value, isSecret }: ConfigKey): string {
  if (value === undefined || value === null || value === "") return "not set";
  return isSecret ? "set" : code(typeof value === "string" ? value : JSON.stringify(value));
}

function code(text: string): string {
  return `\`${cell(text)}\``;
}

function cell(text: string): string {
  return text.replaceAll("|", "\\|").replaceAll(/\s+/g, " ").trim();
}
