import fc from "fast-check";
import { CONNECTION_TYPES } from "../../bayeux/index.ts";

/** Whose clientId a message carries: one of the sessions begun so far, or one that never was. */
export type Speaker =
  | { readonly type: "session"; readonly index: number }
  | { readonly type: "made up"; readonly clientId: unknown }
  | { readonly type: "nobody" };

/** A message without its id, which is given to it when it is sent. */
export interface Said {
  readonly speaker: Speaker;
  readonly fields: Readonly<Record<string, unknown>>;
}

/** One step of a conversation. */
export type Step =
  | {
      readonly type: "batch";
      /** Which of the WebSockets, or null for HTTP. */
      readonly socket: number | null;
      readonly form: "json" | "callback" | "form";
      readonly messages: readonly Said[];
      /** The next step waits for the answer. */
      readonly isAwaited: boolean;
      /** The browser goes away so many milliseconds later, over HTTP. */
      readonly abortMs: number | null;
    }
  | { readonly type: "text"; readonly socket: number | null; readonly text: string }
  | { readonly type: "stream"; readonly speaker: Speaker; readonly abortMs: number }
  | { readonly type: "cut"; readonly socket: number };

/** Sockets of one conversation. */
export const SOCKETS = 2;
const MAX_STEPS = 20;
const MAX_MESSAGES = 4;

const CHANNELS = [
  "/a",
  "/b",
  "/slow/a",
  "/refused",
  "/lost",
  "/away",
  "/presence/a",
  "/presence/slow/a",
  "/presence/presence/a",
  "/a/*",
  "/*",
  "/slow/*",
  "/**",
  "/presence/*",
  "/service/x",
  "/meta/connect",
  "/meta/other",
  "/meta/**",
  "a",
  "",
  "/a b",
  `/${"x".repeat(300)}`,
  "/__proto__",
  "/constructor",
] as const;

const channel = fc.constantFrom(...CHANNELS);
const small = fc.oneof(fc.integer({ min: -1, max: 50 }), fc.constantFrom(0, 1.5, 1e300, "1", null, true, {}, []));
const ext = fc.oneof(
  { weight: 3, arbitrary: fc.constant(undefined) },
  { weight: 3, arbitrary: fc.record({ ack: fc.oneof(small, fc.integer({ min: 0, max: 5 })) }) },
  fc.record({ replay: fc.dictionary(channel, fc.oneof(small, fc.constantFrom(-1, -2, "1"))) }),
  fc.record({ tailspin: fc.record({ name: fc.oneof(small, fc.string()) }) }),
  fc.jsonValue(),
);
const session = fc.record({ type: fc.constant("session" as const), index: fc.nat({ max: 3 }) });
const speaker: fc.Arbitrary<Speaker> = fc.oneof(
  { weight: 12, arbitrary: session },
  { weight: 1, arbitrary: fc.constant({ type: "nobody" as const }) },
  {
    weight: 1,
    arbitrary: fc.record({
      type: fc.constant("made up" as const),
      clientId: fc.oneof(
        fc.stringMatching(/^00[0-9a-z][a-z2-7]{26}$/),
        fc.stringMatching(/^zz[0-9a-z][a-z2-7]{26}$/),
        fc.string(),
        fc.jsonValue(),
      ),
    }),
  },
);

const connectionType = fc.oneof(
  { weight: 8, arbitrary: fc.constantFrom<unknown>(...CONNECTION_TYPES) },
  fc.constantFrom<unknown>("iframe", 1, null),
);
const fields = fc.oneof(
  {
    weight: 4,
    arbitrary: fc.record({
      channel: fc.constant("/meta/connect"),
      connectionType,
      ext,
      advice: fc.oneof(fc.constant(undefined), fc.record({ timeout: small })),
    }),
  },
  {
    weight: 3,
    arbitrary: fc.record({
      channel: fc.constantFrom("/meta/subscribe", "/meta/subscribe", "/meta/unsubscribe"),
      subscription: fc.oneof(channel, channel, fc.array(channel, { maxLength: 4 }), small),
      ext,
    }),
  },
  { weight: 4, arbitrary: fc.record({ channel, data: fc.jsonValue(), ext }) },
  { weight: 1, arbitrary: fc.record({ channel: fc.constant("/meta/disconnect"), ext }) },
  { weight: 1, arbitrary: fc.record({ channel: fc.oneof(channel, small), subscription: small, data: small }) },
);
const message: fc.Arbitrary<Said> = fc.record({ speaker, fields });
const handshake: fc.Arbitrary<Said> = fc.record({
  speaker: fc.oneof({ weight: 4, arbitrary: fc.constant({ type: "nobody" as const }) }, speaker),
  fields: fc.record({
    channel: fc.constant("/meta/handshake"),
    version: fc.oneof({ weight: 8, arbitrary: fc.constant<unknown>("1.0") }, fc.constantFrom<unknown>("2.0", 1, "x")),
    supportedConnectionTypes: fc.oneof(
      { weight: 8, arbitrary: fc.constant<unknown>([...CONNECTION_TYPES]) },
      fc.constantFrom<unknown>([], ["iframe"], "websocket"),
    ),
    ext: fc.oneof(fc.constant({ ack: true }), fc.constant(undefined), ext),
  }),
});

const socket = fc.oneof(fc.constant(null), fc.nat({ max: SOCKETS - 1 }));
const abortMs = fc.oneof({ weight: 6, arbitrary: fc.constant(null) }, fc.integer({ min: 0, max: 20 }));
const batch = (messages: fc.Arbitrary<readonly Said[]>) =>
  fc.record({
    type: fc.constant("batch" as const),
    socket,
    form: fc.constantFrom("json" as const, "json" as const, "callback" as const, "form" as const),
    messages,
    isAwaited: fc.boolean(),
    abortMs,
  });
const HOSTILE = [
  "",
  "[",
  "null",
  "[null]",
  "[[]]",
  "1",
  '"x"',
  "{}",
  "[]",
  "[{}]",
  '[{"channel":"/meta/handshake"}]',
  '{"__proto__":{"channel":"/a"}}',
  `${"[".repeat(1_000)}`,
  `[{"channel":"/a","clientId":"x","data":${"[".repeat(200)}${"]".repeat(200)}}]`,
  `[${'{"channel":"/a"},'.repeat(1_100)}{}]`,
] as const;
const step: fc.Arbitrary<Step> = fc.oneof(
  { weight: 3, arbitrary: batch(fc.tuple(handshake)) },
  { weight: 14, arbitrary: batch(fc.array(message, { minLength: 1, maxLength: MAX_MESSAGES })) },
  { weight: 1, arbitrary: batch(fc.array(fc.oneof(message, handshake), { maxLength: MAX_MESSAGES })) },
  {
    weight: 1,
    arbitrary: fc.record({
      type: fc.constant("text" as const),
      socket,
      text: fc.oneof(fc.constantFrom(...HOSTILE), fc.string(), fc.json()),
    }),
  },
  {
    weight: 1,
    arbitrary: fc.record({
      type: fc.constant("stream" as const),
      speaker,
      abortMs: fc.integer({ min: 0, max: 30 }),
    }),
  },
  { weight: 1, arbitrary: fc.record({ type: fc.constant("cut" as const), socket: fc.nat({ max: SOCKETS - 1 }) }) },
);

/** A conversation: the first step begins a session, what follows may be anything. */
export const conversation: fc.Arbitrary<readonly Step[]> = fc
  .tuple(batch(fc.tuple(handshake)), fc.array(step, { maxLength: MAX_STEPS - 1 }))
  .map(([first, rest]) => [{ ...first, isAwaited: true, abortMs: null }, ...rest]);
