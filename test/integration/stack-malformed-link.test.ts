import { once } from "node:events";
import { createServer, type AddressInfo, type Socket } from "node:net";
import { afterAll, beforeAll, describe, expect, it, vi } from "vitest";
import { CometdClient } from "../support/cometd-client.ts";
import { InjectingProxy } from "../support/injecting-proxy.ts";
import { faultsOf, linesOf, problemsOf } from "../support/log-lines.ts";
import { exchange } from "../support/raw-bytes.ts";
import { expectServing } from "../support/serving.ts";
import { startDispatcher, TierProcess, waitForHealth } from "../support/stack.ts";
import { WholeStack } from "../support/whole-stack.ts";

const hex = (text: string) => Buffer.from(text.replaceAll(" ", ""), "hex");

/** A frame of this kind as the wire document has it. */
function frame(kind: number, payload: Buffer | string = "", { flags = 0, route = 0 } = {}): Buffer {
  const body = Buffer.concat([Buffer.from([kind, flags, route & 255, route >> 8]), Buffer.from(payload)]);
  const length = Buffer.alloc(4);
  length.writeUInt32LE(body.length);
  return Buffer.concat([length, body, Buffer.alloc((4 - (body.length % 4)) % 4)]);
}

/** From whom has proved nothing. */
const STRANGERS: readonly (readonly [name: string, bytes: Buffer | string])[] = [
  ["HTTP", "GET / HTTP/1.1\r\nHost: a\r\n\r\n"],
  ["TLS", hex("16030100 2e010000 2a0303")],
  ["IRC", "NICK a\r\nUSER a 0 * :a\r\n"],
  ["zeros", Buffer.alloc(64)],
  ["ones", Buffer.alloc(64, 0xff)],
  ["a frame of 2 GiB", hex("ffffff7f 02000000")],
  ["a hello of 1 MiB", hex("00001000 02000000")],
  ["a request before the hello", frame(0x10, hex("01000000 5b5d"), { route: 1 })],
  ["a welcome", frame(0x03, "{}")],
  ["a hello without a proof", frame(0x02, "")],
  ["a hello that is not JSON", frame(0x02, Buffer.alloc(64, 0x7b))],
  ["a hello of another version", frame(0x02, Buffer.concat([Buffer.alloc(32), Buffer.from('{"version":99}')]))],
  [
    "a forged hello",
    frame(
      0x02,
      Buffer.concat([
        Buffer.alloc(32),
        Buffer.from(
          JSON.stringify({
            version: 5,
            nonce: "0".repeat(64),
            maxFrameBytes: 8_388_608,
            peer: { role: "dispatcher", name: "evil", instance: "evil", routes: 1_024, node: 0, nodes: 1 },
          }),
        ),
      ]),
    ),
  ],
];

/** From a peer that has proved itself; they end the link. */
const BROKEN: readonly (readonly [name: string, bytes: Buffer])[] = [
  ["no length", hex("00000000 00000000")],
  ["too long a frame", hex("ffffffff 10000000")],
  ["an unknown kind", frame(0x7f)],
  ["a flag that is none", frame(0x06, "", { flags: 0x80 })],
  ["padding that is not zero", hex("05000000 07000000 61ffffff")],
  ["a second hello", frame(0x02, "{}")],
];
const BROKEN_TO_BRIDGE = [
  ...BROKEN,
  ["a bridge's frame", frame(0x21, hex("01000000"))],
  ["a request on no route", frame(0x10, hex("01000000"), { route: 0 })],
  ["a dispatch of nothing", frame(0x14, Buffer.concat([hex("01000000"), Buffer.from("{}")]))],
  ["a request without a connection", frame(0x10, hex("0100"), { route: 1 })],
] as const;
const BROKEN_TO_DISPATCHER = [
  ...BROKEN,
  ["a dispatcher's frame", frame(0x12, hex("01000000"))],
  ["more recipients than bytes", frame(0x23, hex("01000000 00000000 ff000000 01000000"))],
] as const;

describe("malformed link input", () => {
  let stack: WholeStack;
  beforeAll(async () => {
    stack = await WholeStack.start({ dispatchers: 1, bridgeFlags: ["--link-handshake-timeout-ms", "1000"] });
  });
  afterAll(() => stack[Symbol.asyncDispose]());

  it.for(STRANGERS)("of a stranger closes the connection: %s", async ([, bytes]) => {
    const { text, isClosed } = await exchange(stack.bridge.port, bytes);
    expect(isClosed).toBe(true);
    expect(text).not.toContain('"peer"');
  });

  it("closes on a stranger who says nothing", async () => {
    expect(await exchange(stack.bridge.port, "")).toMatchObject({ isClosed: true });
  });

  it.for(BROKEN_TO_BRIDGE)("ends the link to a bridge, which comes up again: %s", async ([, bytes]) => {
    await using tampered = await startTampered();
    tampered.proxy.toServers(bytes);
    await tampered.expectNewLink();
    expect(problemsOf(stack.bridge.log)).toEqual([]);
  });

  it.for(BROKEN_TO_DISPATCHER)("ends the link to a dispatcher, which comes up again: %s", async ([, bytes]) => {
    await using tampered = await startTampered();
    tampered.proxy.toClients(bytes);
    await tampered.expectNewLink();
    const { log } = tampered.dispatcher;
    expect(
      [...faultsOf(log).keys()].filter((kind) => /^link\.(malformed|tooLarge|direction)$/.test(kind)),
    ).toHaveLength(1);
    expect(problemsOf(log)).toEqual([]);
  });

  it("is passed over where it is well formed and means nothing", async () => {
    await using tampered = await startTampered();
    const { proxy, dispatcher } = tampered;
    for (const kind of [0x11, 0x12, 0x13]) proxy.toServers(frame(kind, hex("ffffff7f")));
    for (const payload of ["", "{", "[[]]", "[1]", '[{"channel":1}]', '[{"channel":"/meta/connect"}]', "\xff"]) {
      const body = Buffer.concat([hex("feffff7f"), Buffer.from(payload, "latin1")]);
      proxy.toServers(frame(0x10, body, { route: 1 }));
    }
    for (const kind of [0x20, 0x21, 0x22, 0x25]) proxy.toClients(frame(kind, hex("ffffff7f")));
    proxy.toClients(frame(0x23, Buffer.concat([hex("01000000 00000000 01000000 ffffff7f"), Buffer.from("{}")])));
    proxy.toClients(frame(0x24, Buffer.concat([hex("01000000 ffffff7f"), Buffer.from("{}")])));
    await vi.waitFor(() => expect(faultsOf(dispatcher.log).get("link.unknownConnection")).toBeGreaterThan(0), 5_000);
    // What a browser asks afterwards is answered over the same link.
    await using client = await CometdClient.open(dispatcher.url, { transport: "long-polling" });
    await client.subscribe("/lobby");
    expect(proxy.accepted).toBe(1);
    expect(problemsOf(dispatcher.log)).toEqual([]);
  });

  /** One more dispatcher, with somebody between it and the bridge. */
  async function startTampered() {
    await using resources = new AsyncDisposableStack();
    const proxy = resources.use(await InjectingProxy.start(stack.bridge));
    const dispatcher = resources.use(await startDispatcher([proxy]));
    const expectNewLink = async () => {
      await vi.waitFor(() => expect(proxy.accepted).toBe(2), 10_000);
      await waitForHealth(dispatcher.url);
      for (const tier of [stack.bridge, dispatcher]) expect(tier.isRunning).toBe(true);
    };
    const owned = resources.move();
    return { proxy, dispatcher, expectNewLink, [Symbol.asyncDispose]: () => owned.disposeAsync() };
  }

  it("from what is no bridge leaves a dispatcher alive, and telling that it has none", async () => {
    const says = ["", "HTTP/1.1 400 Bad Request\r\n\r\n", Buffer.alloc(100, 0xff), frame(0x01, '{"version":99}')];
    let turn = 0;
    const sockets = new Set<Socket>();
    const server = createServer((socket) => {
      sockets.add(socket.on("error", () => undefined).once("close", () => sockets.delete(socket)));
      const words = says[turn++ % says.length] ?? "";
      if (words.length === 0) socket.destroy();
      else socket.write(words);
    });
    server.listen(0, "127.0.0.1");
    await once(server, "listening");
    const { port } = server.address() as AddressInfo; // Listening on TCP.
    const ready = /ready http:\/\/\S+?:(\d+)/;
    await using lonely = await TierProcess.start(ready, [
      ...["dispatcher", "--port", "0", "--dispatcher-bridges", `127.0.0.1:${port}`],
    ]);
    const codes = ["closed", "tooLarge", "version"];
    await vi.waitFor(() => {
      const told = linesOf(lonely.log).filter(({ msg }) => msg === "no link, trying again");
      expect(told.map(({ code }) => code)).toEqual(expect.arrayContaining(codes));
    }, 20_000);
    const health = await fetch(`${lonely.url}/health`);
    expect([health.status, await health.json()]).toEqual([503, { status: "starting", bridges: { up: 0, of: 1 } }]);
    expect(problemsOf(lonely.log)).toEqual([]);
    await lonely.stop();
    for (const socket of sockets) socket.destroy();
    server.close();
  });

  it("is counted in readable lines, and hurts nobody else", async () => {
    const kinds = ["link.malformed", "link.secret", "link.version", "link.direction"];
    // The log is written behind the answer.
    await vi.waitFor(() => expect([...faultsOf(stack.bridge.log).keys()]).toEqual(expect.arrayContaining(kinds)));
    expect(problemsOf(stack.bridge.log)).toEqual([]);
    await expectServing(stack);
  });
});
