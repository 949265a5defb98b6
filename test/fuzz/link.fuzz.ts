import { randomBytes } from "node:crypto";
import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { encode } from "../../link/codec.ts";
import { LinkError } from "../../link/errors.ts";
import { FrameDecoder } from "../../link/frame-decoder.ts";
import { ClientHello, ServerHello } from "../../link/hello.ts";
import type { Peer } from "../../link/link.ts";
import type { Vocabulary, WireFrame } from "../../link/wire.ts";
import { bridgeFrame, dispatcherFrame, keep } from "../unit/link/frame-arbitrary.ts";

const runs = { numRuns: 10_000 };
const LIMIT = 4_096;
const peer: Peer = { role: "bridge", name: "b", instance: "bi", routes: 1_024, node: 1, nodes: 1 };

/** Decodes in chunks, and checks that whatever was accepted is within the bytes that came. */
function decodeAll(from: Vocabulary, bytes: Buffer, chunkBytes: number): { frames: WireFrame[]; fault: string | null } {
  const decoder = new FrameDecoder(from, LIMIT);
  const frames: WireFrame[] = [];
  let fault: LinkError | null = null;
  for (let at = 0; at < bytes.length; at += chunkBytes) {
    fault = decoder.push(bytes.subarray(at, at + chunkBytes), (frame) => frames.push(keep(frame)));
  }
  return { frames, fault: fault?.message ?? null };
}

const role = fc.constantFrom<Vocabulary>("dispatcher", "bridge", "control");
const chunkBytes = fc.integer({ min: 1, max: 64 });

describe("the frame decoder", () => {
  it("judges any bytes, the same whatever the chunks", () => {
    fc.assert(
      fc.property(role, fc.uint8Array({ maxLength: 300 }), chunkBytes, (from, input, size) => {
        const bytes = Buffer.from(input);
        expect(decodeAll(from, bytes, size)).toEqual(decodeAll(from, bytes, bytes.length + 1));
      }),
      runs,
    );
  });

  it("judges a frame of any kind with any fields, and takes only what encodes to the same bytes", () => {
    const body = fc.record({
      kind: fc.oneof(fc.constantFrom(...[1, 5, 8, 0x10, 0x11, 0x20, 0x22, 0x23, 0x24]), fc.nat(255)),
      flags: fc.nat(4),
      route: fc.nat(2),
      words: fc.array(fc.oneof(fc.nat(6), fc.constantFrom(0xffff_ffff, 0x8000_0000, 0x20_0000)), { maxLength: 8 }),
      rest: fc.uint8Array({ maxLength: 5 }),
    });
    fc.assert(
      fc.property(role, body, chunkBytes, (from, { kind, flags, route, words, rest }, size) => {
        const length = 4 + 4 * words.length + rest.length;
        const bytes = Buffer.alloc(4 + ((length + 3) & ~3));
        bytes.writeUInt32LE(length, 0);
        bytes.set([kind, flags, route], 4);
        words.forEach((word, index) => bytes.writeUInt32LE(word, 8 + 4 * index));
        bytes.set(rest, 8 + 4 * words.length);
        const { frames, fault } = decodeAll(from, bytes, size);
        expect(frames.length === 1).toBe(fault === null);
        for (const frame of frames) expect(encode(frame)).toEqual(bytes);
      }),
      runs,
    );
  });

  it("survives any change of a few bytes in a good stream", () => {
    const change = fc.record({ at: fc.nat(1_000), byte: fc.nat(255) });
    fc.assert(
      fc.property(
        fc.array(bridgeFrame, { minLength: 1, maxLength: 5 }),
        fc.array(change, { maxLength: 3 }),
        chunkBytes,
        (good, changes, size) => {
          const bytes = Buffer.concat(good.map(encode));
          for (const { at, byte } of changes) bytes[at % bytes.length] = byte;
          expect(decodeAll("bridge", bytes, size)).toEqual(decodeAll("bridge", bytes, bytes.length));
        },
      ),
      runs,
    );
  });

  it("gives back what was encoded", () => {
    fc.assert(
      fc.property(fc.array(dispatcherFrame, { maxLength: 5 }), chunkBytes, (frames, size) => {
        const bytes = Buffer.concat(frames.map(encode));
        expect(decodeAll("dispatcher", bytes, size)).toEqual({ frames, fault: null });
      }),
      runs,
    );
  });
});

describe("the hello", () => {
  const self = { peer, secret: "s", maxFrameBytes: LIMIT, randomBytes };
  const jsonText = fc.oneof(
    fc.json(),
    fc.string(),
    fc
      .record({
        version: fc.constantFrom(5, 5, 6, "5"),
        nonce: fc.constantFrom("00".repeat(32), "0", 5),
        peer: fc.jsonValue(),
      })
      .map((value) => JSON.stringify(value)),
  );
  const payload = fc.oneof(
    fc.uint8Array({ maxLength: 200 }).map((bytes) => Buffer.from(bytes)),
    jsonText.map((text) => Buffer.from(text)),
    jsonText.map((text) => Buffer.concat([Buffer.alloc(32), Buffer.from(text)])),
  );
  const frame: fc.Arbitrary<WireFrame> = fc.oneof(
    fc.record({
      type: fc.constantFrom("challenge" as const, "hello" as const, "welcome" as const, "refuse" as const),
      payload,
    }),
    dispatcherFrame,
    fc.record({ type: fc.constantFrom("ping" as const, "pong" as const) }),
  );

  it.each([
    ["bridge", () => new ServerHello(self)],
    ["dispatcher", () => new ClientHello({ ...self, peer: { ...peer, role: "dispatcher", node: 0 } })],
    ["HaloD", () => new ServerHello({ ...self, peer: { ...peer, role: "halod", node: 0 } })],
    ["member", () => new ClientHello({ ...self, serverRole: "halod" })],
  ] as const)("of a %s answers anything with a step or a LinkError, and lets nobody in", (_, make) => {
    fc.assert(
      fc.property(fc.array(frame, { minLength: 1, maxLength: 3 }), (frames) => {
        const hello = make();
        try {
          for (const each of frames) expect(hello.receive(each).peer).toBeNull();
        } catch (error) {
          if (!(error instanceof LinkError)) throw error;
        }
      }),
      runs,
    );
  });
});
