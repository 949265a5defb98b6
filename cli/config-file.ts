import { resolve } from "node:path";
import { isAlias, isMap, isNode, isScalar, isSeq, LineCounter, parseDocument, type ErrorCode } from "yaml";
import type { Settings } from "./setting.ts";
import { showPath } from "./show.ts";
import { isTree, type Tree } from "./tree.ts";

/** Reads a text file as `node:fs` does: throws an error with a `code` when it cannot. */
export type ReadFile = (path: string) => string;

/** What the configuration file says, or that there is none. */
export interface ConfigFile {
  readonly path: string | undefined;
  readonly tree: Tree;
  /** `line:column` of a key, where the file has it. */
  readonly positionOf: (path: readonly PropertyKey[]) => string | undefined;
  readonly faults: readonly string[];
}

const DEFAULT_NAMES = ["tailspin.yaml", "tailspin.yml", "tailspin.json"];
const MAX_CHARACTERS = 1_048_576;
const MAX_SYNTAX_FAULTS = 5;

/** Reads the named file, else the one in the working folder, else nothing; JSON is read as the YAML that it is. */
export function readConfigFile(named: Settings["file"], cwd: string, readFile: ReadFile): ConfigFile {
  if (named !== undefined) {
    const path = resolve(cwd, named.path);
    const text = attempt(readFile, path);
    if (typeof text === "string") return parseConfigFile(path, text);
    return nothing(path, [`${named.origin}: ${showPath(path)} cannot be read (${codeOf(text)})`]);
  }
  const found: { path: string; text: string }[] = [];
  const faults: string[] = [];
  for (const path of DEFAULT_NAMES.map((name) => resolve(cwd, name))) {
    const text = attempt(readFile, path);
    if (typeof text === "string") found.push({ path, text });
    else if (codeOf(text) !== "ENOENT") faults.push(`${showPath(path)}: cannot be read (${codeOf(text)})`);
  }
  const [file, other] = found;
  if (faults.length > 0) return nothing(undefined, faults);
  if (file === undefined) return nothing(undefined, []);
  if (other === undefined) return parseConfigFile(file.path, file.text);
  return nothing(undefined, [
    `${showPath(other.path)}: ${showPath(file.path)} is there too; keep one of them, or choose one with --config`,
  ]);
}

function parseConfigFile(path: string, text: string): ConfigFile {
  const name = showPath(path);
  if (text.length > MAX_CHARACTERS) return nothing(path, [`${name}: is larger than ${MAX_CHARACTERS} characters`]);
  const lines = new LineCounter();
  const at = (offset: number) => `${lines.linePos(offset).line}:${lines.linePos(offset).col}`;
  try {
    // The library's own words quote the file, and so might show a secret: only its codes are used.
    const options = { lineCounter: lines, prettyErrors: false, logLevel: "error", stringKeys: true } as const;
    const document = parseDocument(text, options);
    const wrong = [...document.errors, ...document.warnings].slice(0, MAX_SYNTAX_FAULTS);
    if (wrong.length > 0) {
      return nothing(
        path,
        wrong.map(({ code, pos }) => `${name}:${at(pos[0])}: ${SYNTAX[code]}`),
      );
    }
    const tree: unknown = document.toJS() ?? {};
    if (!isTree(tree)) return nothing(path, [`${name}: is not a section with keys of its own`]);
    const positionOf = (keyPath: readonly PropertyKey[]) => {
      const offset = offsetOf(document.contents, keyPath);
      return offset === undefined ? undefined : at(offset);
    };
    return { path, tree, positionOf, faults: [] };
  } catch (error) {
    // Too deep, an alias without its anchor, or too many of them: whatever the parser throws, the file is at fault.
    const why = error instanceof ReferenceError ? SYNTAX.BAD_ALIAS : SYNTAX.RESOURCE_EXHAUSTION;
    return nothing(path, [`${name}: ${why}`]);
  }
}

function nothing(path: string | undefined, faults: readonly string[]): ConfigFile {
  return { path, tree: {}, positionOf: () => undefined, faults };
}

function attempt(readFile: ReadFile, path: string): unknown {
  try {
    return readFile(path);
  } catch (error) {
    return error;
  }
}

function codeOf(error: unknown): string {
  const code: unknown = typeof error === "object" && error !== null ? Reflect.get(error, "code") : undefined;
  return typeof code === "string" ? code : "unknown reason";
}

function offsetOf(root: unknown, path: readonly PropertyKey[]): number | undefined {
  let node: unknown = root;
  let offset: number | undefined;
  for (const step of path) {
    if (isMap(node)) {
      const pair = node.items.find(({ key }) => isScalar(key) && key.value === step);
      if (pair === undefined) return offset;
      offset = isNode(pair.key) ? pair.key.range?.[0] : undefined;
      node = pair.value;
    } else if (isSeq(node) && typeof step === "number") {
      node = node.items[step];
      offset = isNode(node) ? node.range?.[0] : offset;
    } else {
      return offset;
    }
    if (isAlias(node)) return offset;
  }
  return offset;
}

const SYNTAX: Record<ErrorCode, string> = {
  ALIAS_PROPS: "an alias cannot have a tag or an anchor",
  BAD_ALIAS: "text that begins with * is an alias, and this one has no anchor, or there are too many; quote the text",
  BAD_COLLECTION_TYPE: "the tag does not fit the value",
  BAD_DIRECTIVE: "a line that begins with % is a directive, and this one is unknown",
  BAD_DQ_ESCAPE: "unknown escape after a backslash in a double-quoted text",
  BAD_INDENT: "the indentation does not fit the lines above, or a bracket there is not closed",
  BAD_PROP_ORDER: "tags and anchors stand before their value",
  BAD_SCALAR_START: "text cannot begin with this character; quote the text",
  BLOCK_AS_IMPLICIT_KEY: "a key has a nested value on its own line; put the value on the next lines, or quote the text",
  BLOCK_IN_FLOW: "inside [] or {} values are separated by commas",
  DUPLICATE_KEY: "this key is there twice",
  IMPOSSIBLE: "not readable as YAML",
  KEY_OVER_1024_CHARS: "a key is longer than 1024 characters",
  MISSING_CHAR: "a character is missing: a quote, a bracket, a comma, or a space after a colon",
  MULTILINE_IMPLICIT_KEY: "a key goes over several lines; is a colon or a quote missing above?",
  MULTIPLE_ANCHORS: "a value has two anchors",
  MULTIPLE_DOCS: "a second document begins here (---); one is allowed",
  MULTIPLE_TAGS: "a value has two tags",
  NON_STRING_KEY: "a key is not a text",
  RESOURCE_EXHAUSTION: "is nested too deeply, or too large",
  TAB_AS_INDENT: "a tab is used for indentation; use spaces",
  TAG_RESOLVE_FAILED: "text that begins with ! is a tag, and this one is unknown; quote the text",
  UNEXPECTED_TOKEN: "something stands here that does not belong here",
};
