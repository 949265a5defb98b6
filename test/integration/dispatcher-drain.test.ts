import { once } from "node:events";
import { request } from "node:http";
import { pino } from "pino";
import { describe, expect, it, vi } from "vitest";
import { Dispatcher, type DispatcherConfig, dispatcherSchema } from "../../dispatcher/index.ts";
import { connectMessage as connect, publishMessage as publish } from "../support/dispatchers.ts";
import { FakeBridge } from "../support/fake-bridge.ts";
import { linesOf } from "../support/log-lines.ts";
import { SocketClient } from "../support/socket-client.ts";

const GOING_AWAY = 1001;
const CUT_OFF = 1006;
const clientIdOf = (index: number): string => `001${String.fromCharCode("a".charCodeAt(0) + index).repeat(26)}`;

/** However busy the machine is. */
const eventually = (check: () => void) => vi.waitFor(check, { timeout: 15_000, interval: 5 });

describe("a dispatcher that stops", () => {
  const lines: string[] = [];
  let clockMs = 0;
  const warnings = () => linesOf(lines).filter(({ level }) => level === 40);

  /** @param now a clock of the test's own */
  function start(
    bridge: FakeBridge,
    config: Partial<DispatcherConfig>,
    now = () => performance.now(),
  ): Promise<Dispatcher> {
    lines.length = 0;
    return Dispatcher.start({
      config: { ...dispatcherSchema.parse({ port: 0, drainTimeoutMs: 20_000 }), ...config },
      routes: 1_024,
      secret: "secret",
      log: pino({}, { write: (line: string) => lines.push(line) }),
      connect: bridge.connector(),
      now,
    });
  }

  /** A client whose connect is held. */
  async function attach({ port }: Dispatcher, bridge: FakeBridge, index: number): Promise<SocketClient> {
    const client = await SocketClient.open(port);
    const clientId = clientIdOf(index);
    client.send(connect(clientId, "1", "websocket"));
    await eventually(() => expect(bridge.requests.some(({ payload }) => payload.includes(clientId))).toBe(true));
    // The hold follows in the turn after the request.
    await new Promise(setImmediate);
    return client;
  }

  async function openStream({ port }: Dispatcher, index: number): Promise<{ endedMs: number }> {
    const headers = { accept: "text/event-stream" };
    const path = `/bayeux/${clientIdOf(index)}`;
    const outgoing = request({ host: "127.0.0.1", port, path, headers, agent: false }).end();
    const [response] = await once(outgoing, "response");
    const stream = { endedMs: 0 };
    response.resume().once("close", () => (stream.endedMs = performance.now()));
    return stream;
  }

  it("closes WebSockets and streams no faster than it may, both together, and each in good order", async () => {
    const bridge = new FakeBridge();
    await using dispatcher = await start(bridge, { drainPerSecond: 6 });
    const clients = await Promise.all([0, 1, 2, 3, 4].map((index) => attach(dispatcher, bridge, index)));
    const streams = await Promise.all([5, 6, 7, 8].map((index) => openStream(dispatcher, index)));
    const closedMs: number[] = [];
    for (const { ws } of clients) ws.once("close", () => closedMs.push(performance.now()));

    const begunMs = performance.now();
    await dispatcher.drain();
    await eventually(() => expect([closedMs.length, streams.every(({ endedMs }) => endedMs > 0)]).toEqual([5, true]));
    const ends = [...closedMs, ...streams.map(({ endedMs }) => endedMs)].map((at) => at - begunMs);
    // We may see an end late, but never before it happens.
    expect(ends.toSorted((a, b) => a - b)[6]).toBeGreaterThanOrEqual(1_000);
    expect(clients.map(({ closed }) => closed?.code)).toEqual(clients.map(() => GOING_AWAY));
    for (const { messages } of clients)
      expect(messages.at(-1)).toMatchObject({ channel: "/meta/connect", successful: true });
    expect(warnings()).toEqual([]);
  });

  it("holds connects of sockets whose turn has not come, and serves what they ask", async () => {
    const bridge = new FakeBridge();
    await using dispatcher = await start(bridge, { drainPerSecond: 1 }, () => clockMs);
    const first = await attach(dispatcher, bridge, 0);
    const second = await attach(dispatcher, bridge, 1);
    const drained = dispatcher.drain();
    await eventually(() => expect([first, second].filter(({ closed }) => closed)).toHaveLength(1));
    const index = first.closed ? 1 : 0;
    const open = first.closed ? second : first;
    const before = bridge.requests.length;
    open.send(publish(clientIdOf(index), "p"));
    open.send(connect(clientIdOf(index), "2", "websocket"));
    await eventually(() => expect(bridge.requests).toHaveLength(before + 2));
    expect(bridge.requests.at(-1)).toMatchObject({ isSocket: true, mayHold: true });
    await eventually(() => expect(open.messages.find(({ id }) => id === "p")).toMatchObject({ successful: true }));
    expect(open.closed).toBeNull();
    clockMs += 2_000;
    await drained;
    await eventually(() => expect(open.closed).not.toBeNull());
  });

  it("warns when there are more than it can close in its time, and cuts these off at its end", async () => {
    const bridge = new FakeBridge();
    await using dispatcher = await start(bridge, { drainPerSecond: 1, drainTimeoutMs: 200 }, () => clockMs);
    const clients = await Promise.all([0, 1, 2].map((index) => attach(dispatcher, bridge, index)));
    await dispatcher.drain();
    await eventually(() => expect(clients.every(({ closed }) => closed !== null)).toBe(true));
    const codes = clients.map(({ closed }) => closed?.code ?? 0).toSorted((a, b) => a - b);
    expect(codes).toEqual([GOING_AWAY, CUT_OFF, CUT_OFF]);
    expect(warnings()).toMatchObject([
      { msg: "too many to close in time at this rate", paced: 3, drainPerSecond: 1, drainTimeoutMs: 200 },
      { msg: "drain cut short", sockets: 2 },
    ]);
  });

  it("lets a stream go on until its turn comes, whatever its bridge does meanwhile", async () => {
    const bridge = new FakeBridge();
    await using dispatcher = await start(bridge, { drainPerSecond: 1 }, () => clockMs);
    const streams = [await openStream(dispatcher, 0), await openStream(dispatcher, 1)];
    const drained = dispatcher.drain();
    await eventually(() => expect(streams.filter(({ endedMs }) => endedMs > 0)).toHaveLength(1));
    const { connection = 0 } = bridge.requests[streams[0]?.endedMs === 0 ? 0 : 1] ?? {};
    const before = bridge.requests.length;
    // The connect that it holds is over: the stream asks for the next one.
    const recipients = Uint32Array.of(connection);
    bridge.say({ type: "release", isFinal: false, recipients, payload: Buffer.alloc(0) });
    await eventually(() => expect(bridge.requests.at(before)).toMatchObject({ mayHold: true, connection }));
    expect(streams.filter(({ endedMs }) => endedMs > 0)).toHaveLength(1);
    clockMs += 2_000;
    await drained;
    await eventually(() => expect(streams.every(({ endedMs }) => endedMs > 0)).toBe(true));
  });
});
