import type { z } from "zod";
import type { ConfigFile } from "./config-file.ts";
import { isSecretPath, type ConfigKey } from "./keys.ts";
import { allowedAt, nodeAt, propertiesOf, type SchemaNode } from "./schema-node.ts";
import type { Setting } from "./setting.ts";
import { label, show, showPath } from "./show.ts";
import { didYouMean } from "./suggest.ts";
import { valueAt, type Tree } from "./tree.ts";

/** Everything that is needed to say where a value came from, and what it should have been. */
export interface Given {
  readonly root: SchemaNode;
  readonly keys: readonly ConfigKey[];
  readonly file: ConfigFile;
  /** Later ones win. */
  readonly settings: readonly Setting[];
  /** All sources together. */
  readonly tree: Tree;
}

type Issue = z.core.$ZodIssue;
type Path = readonly PropertyKey[];

/** Says in lines for the operator what the schema found wrong. */
export function explain(issue: Issue, given: Given): string[] {
  if (issue.code === "unrecognized_keys") return issue.keys.map((name) => unknownKey([...issue.path, name], given));
  const value = valueAt(given.tree, issue.path);
  const where = originOf(issue.path, given) ?? dotted(issue.path);
  const own = ownWords(issue);
  if (value === undefined) return [`${where}: ${own ?? `is missing; ${howToSet(issue.path, given)}`}`];
  const isSet = originOf(issue.path, given) !== undefined;
  const shown = isSet ? shownValue(issue.path, value, given) : undefined;
  if (own !== undefined) return [`${where}: ${shown === undefined ? "" : `${shown} is not accepted: `}${own}`];
  const node = nodeAt(given.root, issue.path);
  const allowed = node === undefined ? undefined : allowedAt(node);
  const what = allowed === undefined ? `is not accepted: ${issue.message}` : `is not ${allowed}`;
  return [`${where}: ${shown ?? "the value"} ${what}${nearestWord(issue.path, value, given)}`];
}

/** The flag, the variable, or the place in the file that gave the value at a path; nothing when no source did. */
export function originOf(path: Path, given: Pick<Given, "settings" | "file">): string | undefined {
  const setting = settingAt(path, given);
  if (setting !== undefined) return setting.origin + dotted(path.slice(setting.key.path.length), "[]");
  const { file } = given;
  if (file.path === undefined || path.length === 0 || valueAt(file.tree, path) === undefined) return undefined;
  const position = file.positionOf(path);
  return `${showPath(file.path)}${position === undefined ? "" : `:${position}`}: ${dotted(path)}`;
}

function settingAt(path: Path, { settings }: Pick<Given, "settings">): Setting | undefined {
  return settings.findLast(({ key }) => key.path.every((name, index) => path[index] === name));
}

function unknownKey(path: Path, given: Given): string {
  const parent = path.slice(0, -1);
  const siblings = propertiesOf(nodeAt(given.root, parent) ?? {}) ?? [];
  const names = [...siblings.map(([name]) => dotted([...parent, name])), ...given.keys.map((key) => key.name)];
  const where = originOf(path, given) ?? dotted(path);
  return `${where}: unknown key${didYouMean(dotted(path), [...new Set(names)])}`;
}

function shownValue(path: Path, value: unknown, given: Given): string {
  const setting = settingAt(path, given);
  const key = given.keys.find((candidate) => candidate.path.every((name, index) => path[index] === name));
  if (isSecretPath(path) || key?.isSecret === true) return "the value (not shown)";
  // A table given as text may hold a secret anywhere.
  if (setting?.key.type === "json") return "the value";
  return show(setting === undefined || path.length > setting.key.path.length ? value : setting.text);
}

function nearestWord(path: Path, value: unknown, { root }: Given): string {
  const words = nodeAt(root, path)?.enum?.filter((word) => typeof word === "string");
  return typeof value === "string" && words !== undefined ? didYouMean(value, words) : "";
}

/** What the author of the schema wrote for this case; zod's own words are not for operators. */
function ownWords(issue: Issue): string | undefined {
  if (issue.code === "custom") return issue.message === "Invalid input" ? undefined : issue.message;
  return /^(Invalid|Too (small|big))\b/.test(issue.message) ? undefined : issue.message;
}

function howToSet(path: Path, { keys }: Given): string {
  const key = keys.find((candidate) => candidate.name === dotted(path));
  if (key === undefined) return "it is required";
  return `set it with ${key.flag}, ${key.env} or ${key.name} in the configuration file, to ${key.allowed}`;
}

function dotted(path: Path, start: "" | "[]" = ""): string {
  let text = "";
  for (const step of path) {
    if (typeof step === "number") text += `[${step}]`;
    else text += (text === "" && start === "" ? "" : ".") + label(String(step));
  }
  return text === "" && start === "" ? "the configuration" : text;
}
