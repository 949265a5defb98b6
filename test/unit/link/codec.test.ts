import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { encode } from "../../../link/codec.ts";
import { FrameDecoder } from "../../../link/frame-decoder.ts";
import { Outbox } from "../../../link/outbox.ts";
import { RecipientReader, writeRecipients } from "../../../link/recipients.ts";
import { MAX_CONTROL_BYTES, type Vocabulary, type WireFrame } from "../../../link/wire.ts";
import { bridgeFrame, dispatcherFrame, keep } from "./frame-arbitrary.ts";

const NO_CONTEXT = { via: "post", isMultiplexed: false, browser: "", origin: "", address: "" } as const;
const LIMIT = 1_000_000;

function decodeAll(from: Vocabulary, ...chunks: Buffer[]): WireFrame[] {
  const decoder = new FrameDecoder(from, LIMIT);
  const frames: WireFrame[] = [];
  for (const chunk of chunks) expect(decoder.push(chunk, (frame) => frames.push(keep(frame)))).toBeNull();
  return frames;
}

describe("encode and FrameDecoder", () => {
  it("give back every frame of a dispatcher", () => {
    fc.assert(
      fc.property(fc.array(dispatcherFrame), (frames) => {
        expect(decodeAll("dispatcher", Buffer.concat(frames.map(encode)))).toEqual(frames);
      }),
    );
  });

  it("give back every frame of a bridge, whatever the chunks", () => {
    fc.assert(
      fc.property(
        fc.array(bridgeFrame),
        fc.array(fc.integer({ min: 1, max: 90 }), { minLength: 1 }),
        (frames, sizes) => {
          const bytes = Buffer.concat(frames.map(encode));
          const chunks: Buffer[] = [];
          for (let at = 0, turn = 0; at < bytes.length; turn++) {
            const next = at + (sizes[turn % sizes.length] ?? 1);
            chunks.push(bytes.subarray(at, next));
            at = next;
          }
          expect(decodeAll("bridge", ...chunks)).toEqual(frames);
        },
      ),
    );
  });

  const long = Uint32Array.from({ length: 100 }, (_, index) => index * 40_000_003);
  const some: WireFrame[] = [
    { type: "deliver", seq: Number.MAX_SAFE_INTEGER, recipients: long, payload: Buffer.from("{}") },
    { type: "hold", connection: 7, payload: Buffer.from('{"a":"ä"}') },
    { type: "release", isFinal: true, recipients: Uint32Array.of(1, 2), payload: Buffer.alloc(0) },
    { type: "ping" },
  ];

  it("survive a cut at every byte", () => {
    const bytes = Buffer.concat(some.map(encode));
    for (let cut = 0; cut <= bytes.length; cut++) {
      expect(decodeAll("bridge", bytes.subarray(0, cut), bytes.subarray(cut))).toEqual(some);
    }
  });

  it("do not depend on where in memory a chunk begins", () => {
    const bytes = Buffer.concat(some.map(encode));
    for (const shift of [0, 1, 2, 3]) {
      const memory = Buffer.alloc(bytes.length + shift);
      memory.set(bytes, shift);
      expect(decodeAll("bridge", memory.subarray(shift))).toEqual(some);
    }
  });

  it("lay a request out as the wire document says", () => {
    const payload = Buffer.from("[1]");
    const frame = {
      type: "request",
      connection: 0x01020304,
      route: 0x0506,
      isSocket: true,
      mayHold: true,
      context: NO_CONTEXT,
      payload,
    } as const;
    expect(encode(frame).toString("hex")).toBe("0b000000" + "10030605" + "04030201" + "5b315d00");
    const browser = `0a${"0".repeat(28)}ff`;
    expect(encode({ ...frame, context: { ...NO_CONTEXT, browser } }).toString("hex")).toBe(
      "1b000000" + "10070605" + "04030201" + browser + "5b315d00",
    );
    const address = `${"0".repeat(20)}ffffcb007107`;
    expect(encode({ ...frame, context: { ...NO_CONTEXT, browser, address } }).toString("hex")).toBe(
      "2b000000" + "10870605" + "04030201" + browser + address + "5b315d00",
    );
  });

  it("refuse a context that is none", () => {
    const frame = { type: "request", connection: 1, route: 1, isSocket: false, mayHold: false } as const;
    for (const browser of ["a", "A".repeat(32), "é".repeat(16), "0".repeat(33)]) {
      const context = { ...NO_CONTEXT, browser };
      expect(() => encode({ ...frame, context, payload: Buffer.alloc(0) })).toThrow(RangeError);
    }
    const bytes = encode({ ...frame, context: { ...NO_CONTEXT, via: "get" }, payload: Buffer.alloc(0) });
    for (const flags of [0x60, 0x80, 0x04, 0x0c]) {
      bytes[5] = flags;
      expect(new FrameDecoder("dispatcher", LIMIT).push(bytes, () => {})).toMatchObject({ code: "malformed" });
    }
  });

  it("lay a delivery out as the wire document says", () => {
    const recipients = Uint32Array.of(9, 10);
    const frame = { type: "deliver", seq: 2 ** 32 + 5, recipients, payload: Buffer.from("{}") } as const;
    expect(encode(frame).toString("hex")).toBe(
      "1a000000" + "23000000" + "05000000" + "01000000" + "02000000" + "09000000" + "0a000000" + "7b7d0000",
    );
  });

  it("copy what a hold carries, so that a held poll does not keep a whole chunk", () => {
    const bytes = encode({ type: "hold", connection: 1, payload: Buffer.from("{}") });
    const [frame] = decodeAll("bridge", bytes);
    bytes.fill(0);
    expect(frame).toEqual({ type: "hold", connection: 1, payload: Buffer.from("{}") });
  });

  it("give back what HaloD and its members say, up to its limit", () => {
    const frame = (bytes: number) => ({ type: "control", payload: Buffer.alloc(bytes, " ") }) as const;
    const decoder = new FrameDecoder("control", 2 * MAX_CONTROL_BYTES);
    const sizes: number[] = [];
    const push = (bytes: Buffer) =>
      decoder.push(bytes, (each) => {
        if (each.type === "control") sizes.push(each.payload.length);
      });
    for (const size of [0, 1, MAX_CONTROL_BYTES]) expect(push(encode(frame(size)))).toBeNull();
    expect(sizes).toEqual([0, 1, MAX_CONTROL_BYTES]);
    expect(() => encode(frame(MAX_CONTROL_BYTES + 1))).toThrow(RangeError);
    const long = Buffer.alloc(4 + 4 + MAX_CONTROL_BYTES + 4);
    long.writeUInt32LE(4 + MAX_CONTROL_BYTES + 1);
    long[4] = 0x08;
    expect(push(long)).toMatchObject({ code: "malformed" });
  });

  it("refuse numbers of ours that do not fit", () => {
    const empty = Buffer.alloc(0);
    expect(() => encode({ type: "freed", connection: 2 ** 32 })).toThrow(RangeError);
    expect(() => encode({ type: "freed", connection: -1 })).toThrow(RangeError);
    expect(() => encode({ type: "deliver", seq: 2 ** 53, recipients: new Uint32Array(), payload: empty })).toThrow(
      RangeError,
    );
    for (const route of [0, 65_536]) {
      const frame = { type: "request", connection: 1, route, isSocket: false, mayHold: false } as const;
      expect(() => encode({ ...frame, context: NO_CONTEXT, payload: empty })).toThrow(RangeError);
    }
  });
});

describe("RecipientReader", () => {
  it.each([true, false])("reads what was written, with little-endian views %s", (isLittleEndian) => {
    for (const length of [0, 1, 16, 17, 200]) {
      const numbers = Uint32Array.from({ length }, (_, index) => (index * 2_654_435_761) >>> 0);
      for (const shift of [0, 1]) {
        const bytes = Buffer.alloc(4 * length + shift);
        writeRecipients(bytes, shift, numbers, isLittleEndian);
        expect(new RecipientReader(isLittleEndian).read(bytes, shift, length)).toEqual(numbers);
      }
    }
  });
});

describe("Outbox", () => {
  it("gathers frames of all sizes into the same bytes as encode", () => {
    const outbox = new Outbox();
    const big = Buffer.alloc(20_001, 1);
    const recipients = Uint32Array.from({ length: 30_000 }, (_, index) => index);
    const frames: WireFrame[] = [
      { type: "answer", connection: 1, isFinal: true, payload: Buffer.from("a") },
      { type: "answer", connection: 2, isFinal: false, payload: big },
      { type: "deliver", seq: 1, recipients, payload: Buffer.from("b") },
      { type: "deliver", seq: 2, recipients, payload: big },
      { type: "freed", connection: 3 },
    ];
    const expected = Buffer.concat(frames.map(encode));
    for (const frame of frames) outbox.add(frame, LIMIT);
    expect(outbox.bytes).toBe(expected.length);
    expect(Buffer.concat(outbox.take()).equals(expected)).toBe(true);
    expect(outbox.bytes).toBe(0);
    expect(outbox.take()).toEqual([]);
  });

  it("puts small frames side by side and copies no big payload", () => {
    const outbox = new Outbox();
    const payload = Buffer.alloc(20_000);
    for (let connection = 0; connection < 100; connection++) outbox.add({ type: "freed", connection }, LIMIT);
    outbox.add({ type: "answer", connection: 1, isFinal: true, payload }, LIMIT);
    const parts = outbox.take();
    expect(parts).toHaveLength(2);
    expect(parts[1]).toBe(payload);
  });

  it("does not alter bytes that it has handed over", () => {
    const outbox = new Outbox();
    outbox.add({ type: "freed", connection: 1 }, LIMIT);
    const before = outbox.take();
    const copy = Buffer.concat(before);
    for (let turn = 0; turn < 10_000; turn++) outbox.add({ type: "freed", connection: 9 }, LIMIT);
    expect(Buffer.concat(before)).toEqual(copy);
  });

  it("refuses a frame over the limit, and keeps what waits intact", () => {
    const outbox = new Outbox();
    outbox.add({ type: "freed", connection: 1 }, LIMIT);
    const tooLong = { type: "answer", connection: 1, isFinal: true, payload: Buffer.alloc(LIMIT) } as const;
    expect(() => outbox.add(tooLong, LIMIT)).toThrow(RangeError);
    expect(Buffer.concat(outbox.take())).toEqual(encode({ type: "freed", connection: 1 }));
  });
});
