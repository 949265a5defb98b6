import fc from "fast-check";

/** Longest string of a payload, in UTF-16 units. */
const LONG = 65_536;
/** One in so many payloads is long: each fills hundreds of lines on IRC. */
const LONG_EVERY = 100;
const DEPTH = { maxDepth: 4, depthSize: "small" } as const;

/** Characters of every plane, those that protocols act upon, and halves of pairs. */
const character = fc.oneof(
  { weight: 4, arbitrary: fc.integer({ min: 0x20, max: 0x7e }).map((point) => String.fromCodePoint(point)) },
  { weight: 2, arbitrary: fc.integer({ min: 0, max: 0x10ffff }).map((point) => String.fromCodePoint(point)) },
  { weight: 1, arbitrary: fc.integer({ min: 0, max: 0x9f }).map((point) => String.fromCharCode(point)) },
  { weight: 1, arbitrary: fc.constantFrom("\r\n", "\0", " ", "<", "&", "]]>", "\uFEFF", "\uFFFE", "\u2028", "\x01") },
);
const text = fc.string({ unit: character, maxLength: 60 });
const longText = fc
  .tuple(fc.string({ unit: character, minLength: 1, maxLength: 40 }), fc.noBias(fc.integer({ min: 1_000, max: LONG })))
  .map(([unit, length]) => unit.repeat(Math.ceil(length / unit.length)).slice(0, length));
const number = fc.oneof(fc.integer(), fc.double({ noNaN: true, noDefaultInfinity: true }), fc.maxSafeInteger());
const { json } = fc.letrec<{ json: unknown }>((tie) => ({
  json: fc.oneof(
    DEPTH,
    text,
    number,
    fc.constantFrom(null, true, false),
    fc.array(tie("json"), { maxLength: 5 }),
    fc.dictionary(text, tie("json"), { maxKeys: 5 }),
  ),
}));
const payload = fc.oneof(
  { weight: 2, arbitrary: json },
  { weight: 1, arbitrary: text.map((said) => ({ text: said })) },
  { weight: 1, arbitrary: fc.record({ text, action: fc.boolean() }) },
);
const longPayload = fc.oneof(
  longText,
  longText.map((said) => ({ text: said })),
  longText.map((key) => ({ [key]: [key.length] })),
);

/** All that a segment of a channel may have. @see Bayeux 1.0 §2.1 "Channels" */
const BAYEUX = [..."ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_!~()$@"] as const;
const segment = fc.noBias(fc.string({ unit: fc.constantFrom(...BAYEUX), minLength: 1, maxLength: 24, size: "max" }));

/** JSON values, the same for the same seed: every plane of Unicode, control characters, long strings, keys, numbers. */
export function randomPayloads(count: number, seed: number): unknown[] {
  const short = fc.sample(payload, { numRuns: count, seed });
  const long = fc.sample(longPayload, { numRuns: Math.ceil(count / LONG_EVERY), seed });
  return short.map((value, index) => (index % LONG_EVERY === 0 ? long[index / LONG_EVERY] : value));
}

/** Names of channels, the same for the same seed, each another. */
export function randomChannels(count: number, seed: number): string[] {
  const name = fc.noBias(fc.array(segment, { minLength: 1, maxLength: 4 })).map((segments) => `/${segments.join("/")}`);
  const found = new Set(fc.sample(name, { numRuns: 2 * count, seed }));
  if (found.size < count) throw new Error(`only ${found.size} names are different`);
  return [...found].slice(0, count);
}
