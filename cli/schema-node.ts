import { z } from "zod";

/** One place of the configuration's schema, in the words of JSON Schema: what the schema says of itself, without its code. */
export type SchemaNode = z.core.JSONSchema.BaseSchema;

/** The schema as a tree of nodes, as the operator writes it (before defaults are filled in). */
export function toSchemaNode(schema: z.ZodObject): SchemaNode {
  return z.toJSONSchema(schema, { io: "input", unrepresentable: "any" });
}

/** The keys below a node when it is a section (an object with known keys), else nothing. */
export function propertiesOf(node: SchemaNode): [name: string, node: SchemaNode][] | undefined {
  if (node.properties === undefined) return undefined;
  return Object.entries(node.properties).map(([name, child]) => [name, typeof child === "object" ? child : {}]);
}

/** The node at a path (list positions count as steps), or nothing where the schema has none. */
export function nodeAt(root: SchemaNode, path: readonly PropertyKey[]): SchemaNode | undefined {
  let node: SchemaNode | undefined = root;
  for (const step of path) {
    if (node === undefined) return undefined;
    node = childOf(node, step);
  }
  return node;
}

/** What a value may be, to complete the sentence "it is not …", for example "a whole number from 0 to 65535". */
export function allowedAt(node: SchemaNode): string {
  if (node.enum !== undefined) return oneOf(node.enum);
  if (node.const !== undefined) return `${node.const}`;
  const options = node.anyOf ?? node.oneOf;
  if (options !== undefined) {
    return [...new Set(options.filter((option) => option.type !== "null").map(allowedAt))].join(" or ");
  }
  switch (typeOf(node)) {
    case "integer":
      return `a whole number${range(node)}`;
    case "number":
      return `a number${range(node)}`;
    case "boolean":
      return "true or false";
    case "string":
      return text(node);
    case "array":
      return list(node);
    case "object":
      return node.properties === undefined ? "a table of names and values" : "a section with keys of its own";
    case "null":
      return "empty";
    case undefined:
      return "a value";
  }
}

/** The one type of a node; "or nothing" does not count. */
export function typeOf(node: SchemaNode): z.core.JSONSchema.SchemaType | undefined {
  if (!Array.isArray(node.type)) return node.type;
  return node.type.find((type) => type !== "null");
}

function childOf(node: SchemaNode, step: PropertyKey): SchemaNode | undefined {
  if (typeof step === "number") return isNode(node.items) ? node.items : undefined;
  if (typeof step !== "string") return undefined;
  const properties = node.properties;
  if (properties === undefined) return isNode(node.additionalProperties) ? node.additionalProperties : undefined;
  const child = Object.hasOwn(properties, step) ? properties[step] : undefined;
  return isNode(child) ? child : undefined;
}

function isNode(value: unknown): value is SchemaNode {
  return typeof value === "object" && value !== null && !Array.isArray(value);
}

function oneOf(values: readonly unknown[]): string {
  return values.length === 1 ? String(values[0]) : `one of ${values.map(String).join(", ")}`;
}

function range(node: SchemaNode): string {
  // zod states the bounds of a safe integer where the author stated none: nobody wants to read those.
  const isStated = (bound: unknown) => typeof bound === "number" && Math.abs(bound) < Number.MAX_SAFE_INTEGER;
  const from = isStated(node.minimum) ? node.minimum : undefined;
  const to = isStated(node.maximum) ? node.maximum : undefined;
  const words: string[] = [];
  if (from !== undefined && to !== undefined) words.push(`from ${from} to ${to}`);
  else if (from !== undefined) words.push(`of at least ${from}`);
  else if (to !== undefined) words.push(`of at most ${to}`);
  if (isStated(node.exclusiveMinimum)) words.push(`greater than ${node.exclusiveMinimum}`);
  if (isStated(node.exclusiveMaximum)) words.push(`less than ${node.exclusiveMaximum}`);
  if (node.multipleOf !== undefined) words.push(`that is a multiple of ${node.multipleOf}`);
  return words.length === 0 ? "" : ` ${words.join(" and ")}`;
}

function text(node: SchemaNode): string {
  if (node.format !== undefined) return `text (${node.format})`;
  const { minLength: from = 0, maxLength: to } = node;
  const words: string[] = [];
  if (to !== undefined) words.push(`of ${from} to ${to} characters`);
  else if (from === 1) words.push("that is not empty");
  else if (from > 1) words.push(`of at least ${from} characters`);
  if (node.pattern !== undefined && node.pattern.length <= 60) words.push(`like /${node.pattern}/`);
  return ["text", ...words].join(" ");
}

function list(node: SchemaNode): string {
  const what = isNode(node.items) ? ` whose items are ${allowedAt(node.items)}` : "";
  const { minItems: from = 0, maxItems: to } = node;
  if (to !== undefined) return `a list of ${from} to ${to} items${what}`;
  return from > 0 ? `a list of at least ${from} item${from > 1 ? "s" : ""}${what}` : `a list${what}`;
}
