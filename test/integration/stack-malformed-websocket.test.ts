import { afterAll, beforeAll, describe, expect, it, vi } from "vitest";
import { faultsOf, problemsOf } from "../support/log-lines.ts";
import { exchange, isHttpHead } from "../support/raw-bytes.ts";
import { expectServing } from "../support/serving.ts";
import { WholeStack } from "../support/whole-stack.ts";

const KEY = "Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\n";
const upgrade = (headers: string, method = "GET", path = "/bayeux") =>
  `${method} ${path} HTTP/1.1\r\nHost: a\r\nConnection: Upgrade\r\nUpgrade: websocket\r\n${headers}\r\n`;
const GOOD = upgrade(`${KEY}Sec-WebSocket-Version: 13\r\n`);

/** A frame with a mask of zeros, so that the payload is what it says. */
const frame = (first: number, payload: Buffer | string, length = Buffer.byteLength(payload)) =>
  Buffer.concat([Buffer.from([first, 0x80 | length, 0, 0, 0, 0]), Buffer.from(payload)]);

const PROTOCOL = 1002;
const UNSUPPORTED = 1003;
const BAD_TEXT = 1007;
const TOO_BIG = 1009;

/** Upgrades that are refused. */
const UPGRADES: readonly (readonly [name: string, bytes: string, status: number])[] = [
  ["no key", upgrade("Sec-WebSocket-Version: 13\r\n"), 400],
  ["a bad key", upgrade("Sec-WebSocket-Key: short\r\nSec-WebSocket-Version: 13\r\n"), 400],
  ["no version", upgrade(KEY), 400],
  ["an old version", upgrade(`${KEY}Sec-WebSocket-Version: 7\r\n`), 400],
  ["a POST", upgrade(`${KEY}Sec-WebSocket-Version: 13\r\n`, "POST"), 400],
  ["another place", upgrade(`${KEY}Sec-WebSocket-Version: 13\r\n`, "GET", "/chat"), 404],
  ["another origin", upgrade(`${KEY}Sec-WebSocket-Version: 13\r\nOrigin: https://evil.example\r\n`), 403],
];

/** Frames that end the connection, with the status that says why. */
const FRAMES: readonly (readonly [name: string, frame: Buffer, status: number])[] = [
  ["a frame without a mask", Buffer.from([0x81, 2, 0x5b, 0x5d]), PROTOCOL],
  ["a reserved bit", frame(0xa1, "[]"), PROTOCOL],
  ["compression that was not agreed on", frame(0xc1, "[]"), PROTOCOL],
  ["an unknown kind", frame(0x83, "[]"), PROTOCOL],
  ["an unknown control frame", frame(0x8b, ""), PROTOCOL],
  ["a continuation of nothing", frame(0x80, "[]"), PROTOCOL],
  ["a ping in pieces", frame(0x09, "a"), PROTOCOL],
  ["a long ping", Buffer.concat([Buffer.from([0x89, 0xfe, 0, 126, 0, 0, 0, 0]), Buffer.alloc(126)]), PROTOCOL],
  ["a text in the middle of a text", Buffer.concat([frame(0x01, "["), frame(0x81, "]")]), PROTOCOL],
  ["half a character", frame(0x81, Buffer.from([0x22, 0xc3, 0x22])), BAD_TEXT],
  // The peer closes too, as it must: what it sent is no fault of the protocol.
  ["a binary frame", Buffer.concat([frame(0x82, "[]"), frame(0x88, Buffer.from([0x03, 0xeb]))]), UNSUPPORTED],
  ["8 exabytes", Buffer.from([0x81, 0xff, 0x7f, 255, 255, 255, 255, 255, 255, 255, 0, 0, 0, 0]), TOO_BIG],
  ["2 MiB", Buffer.from([0x81, 0xff, 0, 0, 0, 0, 0, 0x20, 0, 0, 0, 0, 0, 0]), TOO_BIG],
  ["a close with a forbidden status", frame(0x88, Buffer.from([0x03, 0xed])), PROTOCOL],
  ["a close with half a status", frame(0x88, Buffer.from([0x03])), PROTOCOL],
];

describe("malformed WebSocket input", () => {
  let stack: WholeStack;
  let port: number;
  beforeAll(async () => {
    stack = await WholeStack.start({ dispatchers: 1 });
    port = stack.dispatcher(0).port;
  });
  afterAll(() => stack[Symbol.asyncDispose]());

  it.for(UPGRADES)("is refused with a status: an upgrade with %s", async ([, bytes, status]) => {
    const { text } = await exchange(port, bytes, { isEnough: isHttpHead });
    expect(text).toMatch(new RegExp(`^HTTP/1\\.1 ${status} `));
  });

  it.for(FRAMES)("ends its connection with a status: %s", async ([, bytes, status]) => {
    const { text, isClosed } = await exchange(port, Buffer.concat([Buffer.from(GOOD), bytes]));
    expect(text).toMatch(/^HTTP\/1\.1 101 /);
    expect(isClosed).toBe(true);
    expect(closeStatus(text)).toBe(status);
  });

  it("ends with the connection when it breaks off inside a frame", async () => {
    const bytes = Buffer.concat([Buffer.from(GOOD), frame(0x81, "[]", 100)]);
    expect(await exchange(port, bytes, { endsInput: true })).toMatchObject({ isClosed: true });
  });

  it("is counted in readable lines, and hurts nobody else", async () => {
    const { log } = stack.dispatcher(0);
    const kinds = ["websocket.upgrade", "websocket.protocol", "websocket.binary", "http.origin"];
    // The log is written behind the answer.
    await vi.waitFor(() => expect([...faultsOf(log).keys()]).toEqual(expect.arrayContaining(kinds)));
    expect(problemsOf(log)).toEqual([]);
    await expectServing(stack);
  });
});

/** The status in the last frame that the server sent, if that is a close. */
function closeStatus(text: string): number | undefined {
  const bytes = Buffer.from(text.slice(text.indexOf("\r\n\r\n") + 4), "latin1");
  const at = bytes.indexOf(0x88);
  return at < 0 ? undefined : bytes.readUInt16BE(at + 2);
}
