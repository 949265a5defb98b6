import type { KeyType } from "./keys.ts";

const NUMBER = /^[+-]?(\d+(\.\d*)?|\.\d+)(e[+-]?\d+)?$/i;
const BOOLEANS: Readonly<Record<string, boolean>> = {
  true: true,
  yes: true,
  on: true,
  1: true,
  false: false,
  no: false,
  off: false,
  0: false,
};

/** Turns the text of a flag or a variable into the type its key wants; what does not fit stays text, for the schema to refuse. */
export function coerce(text: string, type: KeyType): unknown {
  const trimmed = text.trim();
  switch (type) {
    case "number":
      return NUMBER.test(trimmed) ? Number(trimmed) : text;
    case "boolean":
      return toBoolean(trimmed) ?? text;
    case "list":
      return text
        .split(",")
        .map((item) => item.trim())
        .filter((item) => item !== "");
    case "json":
      return fromJson(trimmed) ?? text;
    case "string":
      return text;
    default:
      return trimmed;
  }
}

/** Whether a text reads as yes or no. */
export function toBoolean(text: string): boolean | undefined {
  const word = text.toLowerCase();
  return Object.hasOwn(BOOLEANS, word) ? BOOLEANS[word] : undefined;
}

function fromJson(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    // Plain text is a legal value of a key that takes text or something richer.
    return undefined;
  }
}
