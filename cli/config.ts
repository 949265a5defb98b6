import type { z } from "zod";
import type { Command } from "./commands.ts";
import { ConfigError } from "./config-error.ts";
import { readConfigFile, type ConfigFile, type ReadFile } from "./config-file.ts";
import { readEnvironment, type Environment } from "./environment.ts";
import { explain, originOf } from "./faults.ts";
import { readFlags } from "./flags.ts";
import { listKeys, type ConfigKey } from "./keys.ts";
import { toSchemaNode } from "./schema-node.ts";
import type { Setting } from "./setting.ts";
import { deepFreeze, fillSections, valueAt, withoutValue, withValue, type Tree } from "./tree.ts";

/** Where settings come from; everything of the outside world is handed in. */
export interface ConfigSources {
  /** Decides what `--port` and `--host` mean; `up` when left out. */
  readonly command?: Command;
  /** The arguments after the command. */
  readonly flags: readonly string[];
  readonly env: Environment;
  readonly readFile: ReadFile;
  /** The working folder: a file `tailspin.yaml`, `.yml` or `.json` in it is read when none is named. */
  readonly cwd: string;
}

/** A checked configuration, and who said what. */
export interface ResolvedConfig<S extends z.ZodObject> {
  readonly config: Readonly<z.output<S>>;
  /** The file that was read. */
  readonly file: string | undefined;
  /** The keys that a source has set, in the schema's order. */
  readonly set: readonly { readonly key: ConfigKey; readonly value: unknown; readonly origin: string }[];
}

const NO_FILE: ConfigFile = { path: undefined, tree: {}, positionOf: () => undefined, faults: [] };

type Issue = z.core.$ZodIssue;

/**
 * Merges file < environment < flags, and checks the whole once.
 *
 * @returns the configuration, frozen to the last leaf
 * @throws ConfigError listing every fault of every source at once
 */
export function loadConfig<S extends z.ZodObject>(schema: S, sources: ConfigSources): Readonly<z.output<S>> {
  return resolveConfig(schema, sources).config;
}

/** Does what `loadConfig` does, and tells where each value came from. @throws ConfigError */
export function resolveConfig<S extends z.ZodObject>(schema: S, sources: ConfigSources): ResolvedConfig<S> {
  const root = toSchemaNode(schema);
  const keys = listKeys(schema, sources.command);
  const flags = readFlags(sources.flags, keys);
  const environment = readEnvironment(sources.env, keys);
  const file: ConfigFile = flags.isFileKnown
    ? readConfigFile(flags.file ?? environment.file, sources.cwd, sources.readFile)
    : NO_FILE;
  const isFileRead = flags.isFileKnown && file.faults.length === 0;

  const settings = [...environment.settings, ...flags.settings];
  const tree = merge(fillSections(file.tree, root), settings);
  const result = schema.safeParse(tree);
  const issues = result.success ? [] : allIssues(schema, tree, result.error.issues, keys);
  const given = { root, keys, file, settings, tree };
  const faults = [
    ...file.faults,
    ...environment.faults,
    ...flags.faults,
    // Without its file nobody can tell what is missing, or whether the rest fits together.
    ...issues.filter((issue) => isFileRead || isOfSetting(issue, settings)).flatMap((issue) => explain(issue, given)),
  ];
  if (!result.success || faults.length > 0) throw new ConfigError(faults);

  const set = keys.flatMap((key) => {
    const origin = originOf(key.path, given);
    return origin === undefined ? [] : [{ key, value: valueAt(result.data, key.path), origin }];
  });
  return { config: deepFreeze(result.data), file: file.path, set };
}

/**
 * Reads the flags of a command that needs no configuration, only what it is told.
 *
 * @throws ConfigError listing every fault of the flags at once
 */
export function readOptions<S extends z.ZodObject>(schema: S, flags: readonly string[]): Readonly<z.output<S>> {
  const root = toSchemaNode(schema);
  const keys = listKeys(schema);
  const { settings, file, faults } = readFlags(flags, keys);
  const tree = merge(fillSections({}, root), settings);
  const result = schema.safeParse(tree);
  const given = { root, keys, file: NO_FILE, settings, tree };
  const issues = result.success ? [] : allIssues(schema, tree, result.error.issues, keys);
  const all = [
    ...(file === undefined ? [] : ["--config: this command reads no configuration"]),
    ...faults,
    ...issues.flatMap((issue) => explain(issue, given)),
  ];
  if (!result.success || all.length > 0) throw new ConfigError(all, "in the flags");
  return deepFreeze(result.data);
}

function merge(tree: Tree, settings: readonly Setting[]): Tree {
  return settings.reduce((merged, { key, value }) => withValue(merged, key.path, value), tree);
}

/** zod skips the rules between keys while a single key is wrong; a second look without the wrong ones finds those too. */
function allIssues(schema: z.ZodObject, tree: Tree, first: readonly Issue[], keys: readonly ConfigKey[]): Issue[] {
  const wrong = first.flatMap((issue) => wrongPaths(issue, keys));
  if (wrong.length === 0) return [...first];
  const rest = wrong.reduce(withoutValue, fillSections(tree, toSchemaNode(schema)));
  const second = schema.safeParse(fillSections(rest, toSchemaNode(schema)));
  const isNew = (issue: Issue) =>
    issue.code === "custom" &&
    !wrong.some((path) => startsWith(issue.path, path)) &&
    !first.some((known) => known.code === "custom" && known.message === issue.message);
  return [...first, ...(second.error?.issues.filter(isNew) ?? [])];
}

function wrongPaths(issue: Issue, keys: readonly ConfigKey[]): string[][] {
  const path = issue.path.filter((step) => typeof step === "string");
  if (issue.code === "unrecognized_keys") return issue.keys.map((name) => [...path, name]);
  if (issue.code === "custom" || path.length === 0) return [];
  const key = keys.find((candidate) => startsWith(path, candidate.path));
  return [key === undefined ? path : [...key.path]];
}

function isOfSetting(issue: Issue, settings: readonly Setting[]): boolean {
  return issue.code !== "custom" && settings.some(({ key }) => startsWith(issue.path, key.path));
}

function startsWith(path: readonly PropertyKey[], start: readonly PropertyKey[]): boolean {
  return start.every((step, index) => path[index] === step);
}
