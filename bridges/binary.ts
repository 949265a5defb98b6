import { BayeuxError } from "../bayeux/index.ts";

/** How binary data is called on networks: `{"tailspin:z85": "…", "last": true}`, so that a program there can read it and say it. */
const KEY = "tailspin:z85";

/**
 * What goes to the network for a publish. cometd.js's `binary` extension marks data that is Z85 text by `ext.binary`, which
 * stays behind; so the mark is in the data.
 *
 * @throws BayeuxError for data that would be taken for such by the others, and is not marked
 */
export function toNetwork(data: unknown, ext: Readonly<Record<string, unknown>>): unknown {
  const isMarked = typeof ext["binary"] === "object" && ext["binary"] !== null;
  if (isMarked && isObject(data) && typeof data["data"] === "string" && !(KEY in data)) {
    const { data: z85, ...rest } = data;
    return { [KEY]: z85, ...rest };
  }
  if (isObject(data) && typeof data[KEY] === "string") {
    throw new BayeuxError("badField", ["data", KEY], `${KEY} is how binary data is marked on networks`);
  }
  return data;
}

/** What browsers get. `isBinary`: `data.data` is Z85 text, and `ext.binary` says so. */
export function fromNetwork(said: unknown): { readonly data: unknown; readonly isBinary: boolean } {
  if (!isObject(said) || typeof said[KEY] !== "string" || "data" in said) return { data: said, isBinary: false };
  const { [KEY]: z85, ...rest } = said;
  return { data: { data: z85, ...rest }, isBinary: true };
}

function isObject(value: unknown): value is Readonly<Record<string, unknown>> {
  return typeof value === "object" && value !== null && !Array.isArray(value);
}
