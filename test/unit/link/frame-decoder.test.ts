import { describe, expect, it } from "vitest";
import { encode } from "../../../link/codec.ts";
import type { LinkError } from "../../../link/errors.ts";
import { FrameDecoder } from "../../../link/frame-decoder.ts";
import type { Vocabulary, WireFrame } from "../../../link/wire.ts";

const LIMIT = 1_000;

function faultOf(from: Vocabulary, bytes: Buffer): LinkError | null {
  return new FrameDecoder(from, LIMIT).push(bytes, () => undefined);
}

/** A frame's bytes with its length field, as a peer would send them. */
function raw(hex: string): Buffer {
  const body = Buffer.from(hex, "hex");
  const bytes = Buffer.alloc(4 + ((body.length + 3) & ~3));
  bytes.writeUInt32LE(body.length);
  bytes.set(body, 4);
  return bytes;
}

describe("FrameDecoder, against a hostile peer,", () => {
  it("refuses a length over the limit before it has made room for it", () => {
    const bytes = Buffer.from("ffffffff", "hex");
    expect(faultOf("bridge", bytes)).toMatchObject({
      code: "tooLarge",
      message: expect.stringContaining("4294967295"),
    });
  });

  it("refuses a length over the limit also when it comes byte by byte", () => {
    const decoder = new FrameDecoder("bridge", LIMIT);
    const faults = [0xe9, 0x03, 0, 0].map((byte) => decoder.push(Buffer.of(byte), () => undefined));
    expect(faults).toEqual([null, null, null, expect.objectContaining({ code: "tooLarge" })]);
  });

  it.each([0, 1, 3])("refuses a length of %i", (length) => {
    expect(faultOf("bridge", Buffer.of(length, 0, 0, 0))?.code).toBe("malformed");
  });

  it.each([
    ["an unknown kind below 0x10", "bridge", "0f000000"],
    ["an unknown kind of a dispatcher", "dispatcher", "1f000000"],
    ["an unknown kind of a bridge", "bridge", "ff000000"],
    ["a closed without a connection", "dispatcher", "11000000"],
    ["a closed with too much", "dispatcher", "110000000100000002000000"],
    ["a freed with a flag", "bridge", "2501000001000000"],
    ["a freed with a route", "bridge", "2500010001000000"],
    ["a request without a route", "dispatcher", "1000000001000000"],
    ["a request with an unknown flag", "dispatcher", "1004010001000000"],
    ["a request without a connection", "dispatcher", "10000100"],
    ["an answer with an unknown flag", "bridge", "2002000001000000"],
    ["a hold with a flag", "bridge", "2201000001000000"],
    ["a deliver cut short", "bridge", "230000000100000000000000"],
    ["a deliver with more recipients than bytes", "bridge", "2300000001000000000000000200000001000000"],
    ["a deliver with 2^32-1 recipients", "bridge", "230000000100000000000000ffffffff01000000"],
    ["a deliver whose seq is no safe integer", "bridge", "2300000000000000000020000000000001000000"],
    ["a release with more recipients than bytes", "bridge", "24000000020000000100000000"],
    ["a release with an unknown flag", "bridge", "2402000000000000"],
    ["a ping with a payload", "bridge", "0500000000000000"],
    ["a hello with a flag", "dispatcher", "02010000"],
  ] as const)("refuses %s", (_, from, hex) => {
    expect(faultOf(from, raw(hex))?.code).toBe("malformed");
  });

  it("refuses padding that is not zero", () => {
    const bytes = encode({ type: "answer", connection: 1, isFinal: true, payload: Buffer.from("abc") });
    bytes[bytes.length - 1] = 1;
    expect(faultOf("bridge", bytes)).toMatchObject({ code: "malformed", message: expect.stringContaining("padding") });
  });

  it("refuses a bridge's frame from a dispatcher, and the reverse", () => {
    const freed = encode({ type: "freed", connection: 1 });
    const closed = encode({ type: "closed", connection: 1 });
    expect(faultOf("dispatcher", freed)).toMatchObject({ code: "direction", message: expect.stringContaining("0x25") });
    expect(faultOf("bridge", closed)).toMatchObject({ code: "direction", message: expect.stringContaining("0x11") });
    expect(faultOf("bridge", freed)).toBeNull();
    expect(faultOf("dispatcher", closed)).toBeNull();
  });

  it("refuses control frames of and to dispatchers, and everything else on theirs", () => {
    const control = encode({ type: "control", payload: Buffer.from("{}") });
    for (const from of ["dispatcher", "bridge"] as const) {
      expect(faultOf(from, control)).toMatchObject({ code: "direction", message: expect.stringContaining("0x8") });
    }
    for (const type of ["freed", "closed"] as const) {
      expect(faultOf("control", encode({ type, connection: 1 }))).toMatchObject({
        code: "direction",
        message: expect.stringContaining("here nobody may"),
      });
    }
    expect(faultOf("control", control)).toBeNull();
  });

  it("hands on what was right before the fault, and nothing after it", () => {
    const frames: WireFrame[] = [];
    const decoder = new FrameDecoder("bridge", LIMIT);
    const good = encode({ type: "freed", connection: 1 });
    const fault = decoder.push(Buffer.concat([good, raw("ff000000"), good]), (frame) => frames.push(frame));
    expect(fault?.code).toBe("malformed");
    expect(decoder.push(good, (frame) => frames.push(frame))).toBe(fault);
    expect(frames).toHaveLength(1);
  });

  it("waits for the rest of a frame without judging it", () => {
    expect(faultOf("bridge", encode({ type: "freed", connection: 1 }).subarray(0, 11))).toBeNull();
  });
});

describe("FrameDecoder", () => {
  it("lets what a callback throws pass, since that is no fault of the peer", () => {
    const decoder = new FrameDecoder("bridge", LIMIT);
    const bug = new Error("bug");
    expect(() =>
      decoder.push(encode({ type: "ping" }), () => {
        throw bug;
      }),
    ).toThrow(bug);
  });

  it("takes a new limit between two frames of one chunk", () => {
    const decoder = new FrameDecoder("bridge", 8);
    const long = encode({ type: "answer", connection: 1, isFinal: true, payload: Buffer.alloc(500) });
    const types: string[] = [];
    const fault = decoder.push(Buffer.concat([encode({ type: "freed", connection: 1 }), long]), (frame) => {
      types.push(frame.type);
      decoder.maxFrameBytes = LIMIT;
    });
    expect(fault).toBeNull();
    expect(types).toEqual(["freed", "answer"]);
  });
});

describe("FrameDecoder, with a frame that comes in pieces,", () => {
  it.each([1, 4_096, 4_097, 300_000])("leaves a payload of %i bytes alone when the next frame comes", (bytes) => {
    const decoder = new FrameDecoder("bridge", 1_000_000);
    const payloads: Buffer[] = [];
    for (const fill of ["a", "b", "c"]) {
      const payload = Buffer.alloc(bytes, fill);
      const wire = encode({ type: "answer", connection: 1, isFinal: false, payload });
      for (const part of [wire.subarray(0, 9), wire.subarray(9)]) {
        decoder.push(part, (frame) => {
          if (frame.type === "answer") payloads.push(frame.payload);
        });
      }
    }
    expect(payloads.map((payload) => payload.toString())).toEqual(["a", "b", "c"].map((fill) => fill.repeat(bytes)));
  });
});
