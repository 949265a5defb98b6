import { propertiesOf, type SchemaNode } from "./schema-node.ts";

/** A configuration that nobody has checked yet. */
export type Tree = Readonly<Record<string, unknown>>;

/** Whether a value has keys of its own, so can be a section. */
export function isTree(value: unknown): value is Tree {
  return typeof value === "object" && value !== null && !Array.isArray(value);
}

/** The value at a path, or `undefined`. */
export function valueAt(tree: unknown, path: readonly PropertyKey[]): unknown {
  let value = tree;
  for (const step of path) {
    if (typeof value !== "object" || value === null || !Object.hasOwn(value, step)) return undefined;
    value = Reflect.get(value, step);
  }
  return value;
}

/** A copy with one value set; where something other than a section is in the way, the tree as it was. */
export function withValue(tree: Tree, path: readonly string[], value: unknown): Tree {
  const [name, ...rest] = path;
  if (name === undefined) return tree;
  if (rest.length === 0) return { ...tree, [name]: value };
  const section = valueAt(tree, [name]) ?? {};
  return isTree(section) ? { ...tree, [name]: withValue(section, rest, value) } : tree;
}

/** A copy without the value at a path. */
export function withoutValue(tree: Tree, path: readonly string[]): Tree {
  const [name, ...rest] = path;
  if (name === undefined || !Object.hasOwn(tree, name)) return tree;
  const section = tree[name];
  if (rest.length > 0) return isTree(section) ? { ...tree, [name]: withoutValue(section, rest) } : tree;
  return Object.fromEntries(Object.entries(tree).filter(([key]) => key !== name));
}

/** A copy in which required sections exist, and sections that were left empty in the file (`irc:`) count as not written. */
export function fillSections(tree: Tree, node: SchemaNode): Tree {
  let filled = tree;
  for (const [name, child] of propertiesOf(node) ?? []) {
    if (propertiesOf(child) === undefined) continue;
    if (valueAt(filled, [name]) === null) filled = withoutValue(filled, [name]);
    if (!Object.hasOwn(filled, name) && node.required?.includes(name) === true) filled = { ...filled, [name]: {} };
    const section = valueAt(filled, [name]);
    if (isTree(section)) filled = { ...filled, [name]: fillSections(section, child) };
  }
  return filled;
}

/** Freezes a value and everything below it. */
export function deepFreeze<T>(value: T): T {
  if (typeof value !== "object" || value === null || Object.isFrozen(value)) return value;
  Object.freeze(value);
  for (const inner of Object.values(value)) deepFreeze(inner);
  return value;
}
