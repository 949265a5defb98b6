import fc from "fast-check";
import type { BridgeFrame, DispatcherFrame } from "../../../link/frames.ts";
import type { WireFrame } from "../../../link/wire.ts";

const connection = fc.integer({ min: 0, max: 0xffff_ffff });
const payload = fc.uint8Array({ maxLength: 70 }).map((bytes) => Buffer.from(bytes));
const recipients = fc.array(connection, { maxLength: 40 }).map((numbers) => Uint32Array.from(numbers));
const hash = fc.oneof(
  fc.constant(""),
  fc.uint8Array({ minLength: 16, maxLength: 16 }).map((bytes) => Buffer.from(bytes).toString("hex")),
);
const type = <T extends string>(value: T): fc.Arbitrary<T> => fc.constant(value);

/** Any frame that a dispatcher may send. */
export const dispatcherFrame: fc.Arbitrary<DispatcherFrame> = fc.oneof(
  fc.record({
    type: type("request"),
    connection,
    route: fc.integer({ min: 1, max: 0xffff }),
    isSocket: fc.boolean(),
    mayHold: fc.boolean(),
    context: fc.record({
      via: fc.constantFrom("post" as const, "get" as const, "upgrade" as const),
      isMultiplexed: fc.boolean(),
      browser: hash,
      origin: hash,
      address: hash,
    }),
    payload,
  }),
  fc.record({ type: fc.constantFrom("closed" as const, "pause" as const, "resume" as const), connection }),
  fc.record({ type: type("dispatch"), connection, payload }),
  fc.record({ type: type("surrender"), payload }),
);

/** Any frame that a bridge may send. */
export const bridgeFrame: fc.Arbitrary<BridgeFrame> = fc.oneof(
  fc.record({ type: type("answer"), connection, isFinal: fc.boolean(), payload }),
  fc.record({ type: type("hold"), connection, payload }),
  fc.record({ type: fc.constantFrom("refused" as const, "freed" as const), connection }),
  fc.record({ type: type("deliver"), seq: fc.maxSafeNat(), recipients, payload }),
  fc.record({ type: type("release"), isFinal: fc.boolean(), recipients, payload }),
  fc.record({
    type: fc.constantFrom("tickets" as const, "said" as const, "reached" as const, "claim" as const),
    payload,
  }),
);

/** A copy that outlives the callback in which the frame was handed over. */
export function keep<T extends WireFrame>(frame: T): T {
  return {
    ...frame,
    ...("recipients" in frame ? { recipients: frame.recipients.slice() } : {}),
    ...("payload" in frame ? { payload: Buffer.from(frame.payload) } : {}),
  };
}
