import { afterAll, beforeAll, describe, expect, it, vi } from "vitest";
import { faultsOf, problemsOf } from "../support/log-lines.ts";
import { expectServing } from "../support/serving.ts";
import { SocketClient } from "../support/socket-client.ts";
import { WholeStack } from "../support/whole-stack.ts";

const UNKNOWN = `001${"a".repeat(26)}`;
const DEEP = 50_000;

/** What is no array of objects: HTTP 400 with a text. */
const UNREADABLE: readonly (readonly [name: string, body: string])[] = [
  ["nothing", ""],
  ["blanks", " \r\n\t"],
  ["half a word", "nul"],
  ["null", "null"],
  ["a number", "1"],
  ["a text", '"/meta/handshake"'],
  ["an open array", "["],
  ["an open object", '[{"channel":"/meta/handshake"'],
  ["a comma too many", '[{"channel":"/lobby"},]'],
  ["two values", "[] []"],
  ["an array in an array", "[[]]"],
  ["a number in an array", '[{"channel":"/lobby","data":1},1]'],
  ["a byte order mark and rubbish", "\ufeffrubbish"],
  ["single quotes", "[{'channel':'/lobby'}]"],
  ["not a number", '[{"channel":"/lobby","data":NaN}]'],
  ["a bare control character", '[{"channel":"/lobby","data":"\u0001"}]'],
  ["depth", `${"[".repeat(DEEP)}${"]".repeat(DEEP)}`],
  ["too many messages", `[${Array.from({ length: 1_001 }, () => '{"channel":"/lobby"}').join(",")}]`],
];

const publish = (data: string) => `[{"channel":"/lobby","clientId":"${UNKNOWN}","id":"1","data":${data}}]`;

/** What is JSON and no Bayeux: HTTP 200 or 400, and no message in it successful. */
const WRONG: readonly (readonly [name: string, body: string])[] = [
  ["an empty object", "[{}]"],
  ["no channel", '[{"data":{"text":"hi"}}]'],
  ["a channel that is a number", '[{"channel":7}]'],
  ["a channel that is an object", '[{"channel":{"toString":"x"}}]'],
  ["a long channel", `[{"channel":"/${"a".repeat(10_000)}","clientId":"${UNKNOWN}","data":1}]`],
  ["a channel without a slash", `[{"channel":"lobby","clientId":"${UNKNOWN}","data":1}]`],
  ["a channel with a line end", `[{"channel":"/lob\\r\\nQUIT","clientId":"${UNKNOWN}","data":1}]`],
  ["an unknown meta channel", `[{"channel":"/meta/admin","clientId":"${UNKNOWN}"}]`],
  ["a prototype", '[{"__proto__":{"channel":"/meta/handshake"},"constructor":{"prototype":1}}]'],
  ["a connect of nobody", '[{"channel":"/meta/connect","connectionType":"long-polling"}]'],
  ["a clientId that is a list", '[{"channel":"/meta/connect","clientId":["a"],"connectionType":"long-polling"}]'],
  ["a long clientId", `[{"channel":"/meta/connect","clientId":"${"9".repeat(9_999)}","connectionType":"x"}]`],
  ["a route that is none", `[{"channel":"/meta/connect","clientId":"zzz${"a".repeat(26)}","connectionType":"x"}]`],
  ["a session that is none", `[{"channel":"/meta/connect","clientId":"${UNKNOWN}","connectionType":"long-polling"}]`],
  ["an id that is an object", `[{"channel":"/lobby","clientId":"${UNKNOWN}","id":{"a":1},"data":1}]`],
  ["a publish without data", `[{"channel":"/lobby","clientId":"${UNKNOWN}"}]`],
  ["a publish to a pattern", `[{"channel":"/lobby/**","clientId":"${UNKNOWN}","data":1}]`],
  ["deep data", publish(`${'{"a":'.repeat(5_000)}1${"}".repeat(5_000)}`)],
  ["a lonely surrogate", publish('{"text":"\\ud800"}')],
  ["a number beyond all numbers", publish("1e999")],
  ["a subscribe to nothing", `[{"channel":"/meta/subscribe","clientId":"${UNKNOWN}"}]`],
  ["a subscribe to an object", `[{"channel":"/meta/subscribe","clientId":"${UNKNOWN}","subscription":{"a":1}}]`],
  ["a handshake without transports", '[{"channel":"/meta/handshake","version":"1.0"}]'],
  ["pigeons", '[{"channel":"/meta/handshake","version":"1.0","supportedConnectionTypes":["pigeon"]}]'],
  ["transports that are no list", '[{"channel":"/meta/handshake","version":"1.0","supportedConnectionTypes":"a"}]'],
  [
    "a name of control characters",
    '[{"channel":"/meta/handshake","version":"1.0","supportedConnectionTypes":["websocket"],"ext":{"tailspin":{"name":"a\\r\\nQUIT"}}}]',
  ],
  [
    "a name that is a list",
    '[{"channel":"/meta/handshake","version":"1.0","supportedConnectionTypes":["websocket"],"ext":{"tailspin":{"name":[]}}}]',
  ],
];

describe("malformed Bayeux", () => {
  let stack: WholeStack;
  beforeAll(async () => {
    stack = await WholeStack.start({ dispatchers: 1 });
  });
  afterAll(() => stack[Symbol.asyncDispose]());

  function post(body: string): Promise<Response> {
    const headers = { "content-type": "application/json" };
    const signal = AbortSignal.timeout(5_000);
    return fetch(`${stack.dispatcher(0).url}/bayeux`, { method: "POST", headers, body, signal });
  }

  it.for(UNREADABLE)("is answered with 400 and a reason over HTTP: %s", async ([, body]) => {
    const response = await post(body);
    expect(response.status).toBe(400);
    expect(await response.text()).toMatch(/\w+ \w+/);
  });

  it.for(WRONG)("is answered with an error over HTTP: %s", async ([, body]) => {
    const response = await post(body);
    const text = await response.text();
    if (response.status === 400) return expect(text).toMatch(/\w+ \w+/);
    expect(response.status).toBe(200);
    const replies: unknown = JSON.parse(text);
    expect(replies).toEqual([expect.objectContaining({ successful: false })]);
    expect(replies).toMatchObject([{ error: expect.stringMatching(/^4\d\d:.*:.*\w+/) }]);
  });

  it("is answered with errors over one WebSocket, which stays open", async () => {
    await using client = await SocketClient.open(stack.dispatcher(0).port);
    for (const [, body] of WRONG) client.ws.send(body);
    client.send({ channel: "/meta/handshake", version: "1.0", supportedConnectionTypes: ["websocket"], id: "end" });
    await expect.poll(() => client.messages.at(-1), { timeout: 5_000 }).toMatchObject({ id: "end", successful: true });
    expect(client.messages).toHaveLength(WRONG.length + 1);
    for (const message of client.messages.slice(0, -1)) {
      expect(message).toMatchObject({ successful: false, error: expect.stringMatching(/\w/) });
    }
    expect(client.closed).toBeNull();
  });

  it("closes a WebSocket that goes on sending what cannot be read", async () => {
    await using client = await SocketClient.open(stack.dispatcher(0).port);
    for (const [, body] of UNREADABLE) client.ws.send(body);
    await expect.poll(() => client.closed, { timeout: 5_000 }).toMatchObject({ code: 1008 });
    expect(client.messages.length).toBeGreaterThan(5);
    for (const message of client.messages) {
      expect(message).toMatchObject({ successful: false, error: expect.stringMatching(/^400:/) });
    }
  });

  it("is counted in readable lines, and hurts nobody else", async () => {
    const { log } = stack.dispatcher(0);
    // The log is written behind the answer.
    await vi.waitFor(() =>
      expect([...faultsOf(log).keys()]).toEqual(expect.arrayContaining(["http.badBatch", "websocket.badBatch"])),
    );
    expect(problemsOf(log)).toEqual([]);
    expect(problemsOf(stack.bridge.log)).toEqual([]);
    await expectServing(stack);
  });
});
