import assert from "node:assert";
import type { z } from "zod";
import type { Command } from "./commands.ts";
import { allowedAt, propertiesOf, toSchemaNode, typeOf, type SchemaNode } from "./schema-node.ts";
import { fillSections, valueAt } from "./tree.ts";

/** How text from a flag or a variable becomes a value; a list of texts means one of these words; "json" is for anything richer. */
export type KeyType = "string" | "number" | "boolean" | "list" | "json" | readonly string[];

/** One setting: its names in all three sources, and what the schema says of it. */
export interface ConfigKey {
  readonly path: readonly string[];
  /** The path with dots, as in documents and messages: `dispatcher.port`. */
  readonly name: string;
  /** `--dispatcher-port` */
  readonly flag: string;
  /** `--port`, for the few keys that have one. */
  readonly shortFlag: string | undefined;
  /** `TAILSPIN_DISPATCHER_PORT` */
  readonly env: string;
  readonly type: KeyType;
  /** What a value may be, for example "a whole number from 0 to 65535". */
  readonly allowed: string;
  /** What its flag means without a value, for the few keys that allow it. */
  readonly whenAlone: string | undefined;
  /** `undefined` where the key has none. */
  readonly default: unknown;
  readonly description: string;
  /** Its value is never shown. */
  readonly isSecret: boolean;
}

/** Short for the tier that a command is about: `tailspin bridge --port 7071` is the bridge's port. */
const SHORT_FLAGS: Record<Command, Readonly<Record<string, string>>> = {
  up: { "dispatcher.port": "--port", "dispatcher.host": "--host" },
  dispatcher: { "dispatcher.port": "--port", "dispatcher.host": "--host" },
  bridge: { "bridge.port": "--port", "bridge.host": "--host" },
  halod: { "halod.port": "--port", "halod.host": "--host" },
  status: { "status.halod": "--halod" },
  map: {},
  "halod table": {},
  "halod zone": {},
  "config check": { "dispatcher.port": "--port", "dispatcher.host": "--host" },
};

const SECRET_NAME = /(secret|password|passphrase|token|credentials?)$/i;

/** Every key of the schema, in the order in which the schema names them. */
export function listKeys(schema: z.ZodObject, command: Command = "up"): ConfigKey[] {
  const root = toSchemaNode(schema);
  const defaults = schema.safeParse(fillSections({}, root));
  const keys = [...leaves(root, [])].map(([path, node]): ConfigKey => {
    const name = path.join(".");
    return {
      path,
      name,
      flag: `--${words(path).join("-")}`,
      shortFlag: SHORT_FLAGS[command][name],
      env: `TAILSPIN_${words(path).join("_").toUpperCase()}`,
      type: keyType(node),
      allowed: allowedAt(node),
      whenAlone: typeof node["whenAlone"] === "string" ? node["whenAlone"] : undefined,
      default: defaults.success ? valueAt(defaults.data, path) : node.default,
      description: node.description ?? "",
      isSecret: typeof node["secret"] === "boolean" ? node["secret"] : isSecretPath(path),
    };
  });
  assertDistinct(keys);
  return keys;
}

/** Whether a place in the configuration holds what must not be shown, judged by its name. */
export function isSecretPath(path: readonly PropertyKey[]): boolean {
  return path.some((step) => typeof step === "string" && SECRET_NAME.test(step));
}

function* leaves(node: SchemaNode, path: readonly string[]): Generator<[path: readonly string[], node: SchemaNode]> {
  for (const [name, child] of propertiesOf(node) ?? []) {
    if (propertiesOf(child) === undefined) yield [[...path, name], child];
    else yield* leaves(child, [...path, name]);
  }
}

function words(path: readonly string[]): string[] {
  return path.flatMap((name) =>
    name
      .replace(/([a-z0-9])([A-Z])/g, "$1-$2")
      .toLowerCase()
      .split(/[^a-z0-9]+/),
  );
}

function keyType(node: SchemaNode): KeyType {
  const fixed = wordsOf(node);
  if (fixed !== undefined) return fixed;
  switch (typeOf(node)) {
    case "string":
      return "string";
    case "number":
    case "integer":
      return "number";
    case "boolean":
      return "boolean";
    case "array":
      return isListOfText(node) ? "list" : "json";
    case "object":
    case "null":
    case undefined:
      return "json";
  }
}

/** The words of an enum, of one literal, or of a union of both. */
function wordsOf(node: SchemaNode): string[] | undefined {
  const values = node.anyOf?.flatMap((option) => wordsOf(option) ?? [undefined]) ?? node.enum ?? [node.const];
  return values.every((value) => typeof value === "string") ? values : undefined;
}

function isListOfText(node: SchemaNode): boolean {
  return typeof node.items === "object" && !Array.isArray(node.items) && typeOf(node.items) === "string";
}

/** Two keys with one name would shadow each other silently. */
function assertDistinct(keys: readonly ConfigKey[]): void {
  const seen = new Set(["--config", "--help", "--version", "TAILSPIN_CONFIG"]);
  for (const name of keys.flatMap((key) => [key.flag, key.shortFlag, key.env])) {
    if (name === undefined) continue;
    assert(!seen.has(name), `two configuration keys share the name ${name}`);
    seen.add(name);
  }
}
