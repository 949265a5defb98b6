import { afterAll, beforeAll, describe, expect, it, vi } from "vitest";
import { exchange, isHttpHead } from "../support/raw-bytes.ts";
import { faultsOf, problemsOf } from "../support/log-lines.ts";
import { expectServing } from "../support/serving.ts";
import { startDispatcher } from "../support/stack.ts";
import { WholeStack } from "../support/whole-stack.ts";

const HEAD = "POST /bayeux HTTP/1.1\r\nHost: a\r\nContent-Type: application/json\r\n";
const SMUGGLED = "GET /health HTTP/1.1\r\nHost: a\r\n\r\n";
const HANDSHAKE = '[{"channel":"/meta/handshake","version":"1.0","supportedConnectionTypes":["long-polling"]}]';
const LENGTH = `Content-Length: ${HANDSHAKE.length}\r\n`;
const CHUNKED = "Transfer-Encoding: chunked\r\n";
const CHUNK = `${HANDSHAKE.length.toString(16)}\r\n${HANDSHAKE}\r\n0\r\n\r\n`;

/** What is no HTTP/1.1, or not surely one request: one refusal, and the connection is closed. */
const REFUSED: readonly (readonly [name: string, bytes: string, status?: number])[] = [
  ["noise", "\x00\x01\x02\xff\xfe\r\n\r\n"],
  ["the hello of TLS", "\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03\x03"],
  ["the preface of HTTP/2", "PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n"],
  ["IRC", "NICK a\r\nUSER a 0 * :a\r\n"],
  ["no Host", "GET /health HTTP/1.1\r\n\r\n"],
  ["a version of the future", "GET /health HTTP/9.9\r\nHost: a\r\n\r\n"],
  ["an unknown method", "FROB /bayeux HTTP/1.1\r\nHost: a\r\n\r\n"],
  ["a header without a colon", "GET /health HTTP/1.1\r\nHost: a\r\nnothing\r\n\r\n"],
  ["a header with NUL", "GET /health HTTP/1.1\r\nHost: a\r\nX: a\x00b\r\n\r\n"],
  ["a blank before the colon", `${HEAD}Content-Length : 5\r\n\r\nabcde${SMUGGLED}`],
  ["a header ended by a bare CR", `${HEAD}X: a\rContent-Length: 5\r\n\r\nabcde${SMUGGLED}`],
  ["Content-Length and Transfer-Encoding", `${HEAD}${LENGTH}${CHUNKED}\r\n${CHUNK}${SMUGGLED}`],
  ["Transfer-Encoding and Content-Length", `${HEAD}${CHUNKED}Content-Length: 4\r\n\r\n${CHUNK}${SMUGGLED}`],
  ["two lengths", `${HEAD}Content-Length: 5\r\nContent-Length: 6\r\n\r\nabcdef${SMUGGLED}`],
  ["a list of lengths", `${HEAD}Content-Length: 5, 5\r\n\r\nabcde${SMUGGLED}`],
  ["a negative length", `${HEAD}Content-Length: -5\r\n\r\n${SMUGGLED}`],
  ["a signed length", `${HEAD}Content-Length: +5\r\n\r\nabcde${SMUGGLED}`],
  ["a hexadecimal length", `${HEAD}Content-Length: 0x5\r\n\r\nabcde${SMUGGLED}`],
  ["a length beyond all numbers", `${HEAD}Content-Length: 99999999999999999999999\r\n\r\n${SMUGGLED}`],
  ["an unknown coding", `${HEAD}Transfer-Encoding: xchunked\r\n\r\n${CHUNK}${SMUGGLED}`],
  ["a coding after chunked", `${HEAD}Transfer-Encoding: chunked, gzip\r\n\r\n${CHUNK}${SMUGGLED}`],
  ["a chunk of no number", `${HEAD}${CHUNKED}\r\nzz\r\n${SMUGGLED}`],
  ["a chunk beyond all numbers", `${HEAD}${CHUNKED}\r\nfffffffffffffffff\r\n${SMUGGLED}`],
  ["a negative chunk", `${HEAD}${CHUNKED}\r\n-1\r\n${SMUGGLED}`],
  ["a chunk longer than it says", `${HEAD}${CHUNKED}\r\n2\r\nabcde\r\n0\r\n\r\n${SMUGGLED}`],
  ["a chunk ended by a bare LF", `${HEAD}${CHUNKED}\r\n2\nab\n0\n\n${SMUGGLED}`],
  ["huge headers", `GET /health HTTP/1.1\r\nHost: a\r\n${"X-Long: abcdefgh\r\n".repeat(2_000)}\r\n`, 431],
  ["one huge header", `GET /health HTTP/1.1\r\nHost: a\r\nX: ${"a".repeat(100_000)}\r\n\r\n`, 431],
  ["a huge target", `GET /${"a".repeat(100_000)} HTTP/1.1\r\nHost: a\r\n\r\n`, 431],
];

/** What is HTTP, and refused or answered on its own: an answer with this status. */
const ANSWERED: readonly (readonly [name: string, bytes: string, status: number])[] = [
  ["an expectation nobody can meet", `${HEAD}Expect: a-miracle\r\n${LENGTH}\r\n${HANDSHAKE}`, 417],
  ["GET without messages", "GET /bayeux HTTP/1.1\r\nHost: a\r\n\r\n", 400],
  ["PUT", "PUT /bayeux HTTP/1.1\r\nHost: a\r\n\r\n", 405],
  ["no type", `POST /bayeux HTTP/1.1\r\nHost: a\r\nContent-Length: 2\r\n\r\n[]`, 415],
  [
    "a form without messages",
    `POST /bayeux HTTP/1.1\r\nHost: a\r\nContent-Type: text/plain\r\nContent-Length: 2\r\n\r\n[]`,
    400,
  ],
  ["XML", `POST /bayeux HTTP/1.1\r\nHost: a\r\nContent-Type: text/xml\r\nContent-Length: 2\r\n\r\n[]`, 415],
  ["another origin", `${HEAD}Origin: https://evil.example\r\n${LENGTH}\r\n${HANDSHAKE}`, 403],
  ["bytes that are no UTF-8", `${HEAD}Content-Length: 3\r\n\r\n["\xff`, 400],
  ["too long a body", `${HEAD}Content-Length: 1100000\r\n\r\n${" ".repeat(1_100_000)}`, 413],
  ["far too long a body", `${HEAD}${CHUNKED}\r\n300000\r\n${" ".repeat(0x300000)}`, 413],
  ["a way out of the folder", "GET /../../etc/passwd HTTP/1.1\r\nHost: a\r\n\r\n", 404],
  ["a hidden way out", "GET /%2e%2e/%2e%2e/%2e%2e/etc/passwd HTTP/1.1\r\nHost: a\r\n\r\n", 404],
  ["a broken escape", "GET /%zz%00 HTTP/1.1\r\nHost: a\r\n\r\n", 404],
  ["another server's address", "GET http://evil.example/health HTTP/1.1\r\nHost: a\r\n\r\n", 404],
  [
    "a WebSocket without a key",
    "GET /bayeux HTTP/1.1\r\nHost: a\r\nConnection: Upgrade\r\nUpgrade: websocket\r\n\r\n",
    400,
  ],
];

describe("malformed HTTP", () => {
  let stack: WholeStack;
  let port: number;
  beforeAll(async () => {
    stack = await WholeStack.start({ dispatchers: 1 });
    port = stack.dispatcher(0).port;
  });
  afterAll(() => stack[Symbol.asyncDispose]());

  it.for(REFUSED)("is refused once, and the connection closed: %s", async ([, bytes, status = 400]) => {
    const { text, isClosed } = await exchange(port, Buffer.from(bytes, "latin1"));
    expect(isClosed).toBe(true);
    // A second answer would be to a request that came in under the first.
    expect(text.match(/^HTTP\/1\.1 \d{3} /gm)).toEqual([`HTTP/1.1 ${status} `]);
  });

  it.for(ANSWERED)("is answered: %s", async ([, bytes, status]) => {
    const { text } = await exchange(port, Buffer.from(bytes, "latin1"), { isEnough: isHttpHead });
    expect(text).toMatch(new RegExp(`^HTTP/1\\.1 ${status} `));
    expect(text).not.toContain("root:");
  });

  it("takes a body in chunks, and the next request after it", async () => {
    const bytes = `${HEAD}${CHUNKED}\r\n${CHUNK}${SMUGGLED}`;
    const { text } = await exchange(port, bytes, { isEnough: (so) => so.split("HTTP/1.1 200").length > 2 });
    expect(text).toContain('"clientId"');
    expect(text).toContain('"status":"ok"');
  });

  it("is refused where its headers take too long", async () => {
    await using patient = await startDispatcher([stack.bridge], "--dispatcher-headers-timeout-ms", "500");
    const { text } = await exchange(patient.port, `${HEAD}X: a`);
    expect(text).toMatch(/^HTTP\/1\.1 408 /);
    // The log is written behind the answer.
    await vi.waitFor(() => expect(faultsOf(patient.log).get("http.clientError")).toBe(1));
  });

  it("ends with a closed connection where the rest never comes", async () => {
    const { isClosed } = await exchange(port, `${HEAD}Content-Length: 100\r\n\r\n[`, { endsInput: true });
    expect(isClosed).toBe(true);
  });

  it("is counted in readable lines, and hurts nobody else", async () => {
    const { log } = stack.dispatcher(0);
    const kinds = ["http.clientError", "http.badBody", "http.origin", "websocket.upgrade"];
    // The log is written behind the answer.
    await vi.waitFor(() => expect([...faultsOf(log).keys()]).toEqual(expect.arrayContaining(kinds)));
    // A line a second for each kind, which says how many there were in all.
    await vi.waitFor(async () => {
      await exchange(port, "noise\r\n\r\n");
      expect(faultsOf(log).get("http.clientError")).toBeGreaterThan(REFUSED.length / 2);
    }, 5_000);
    expect(problemsOf(log)).toEqual([]);
    await expectServing(stack);
  });
});
