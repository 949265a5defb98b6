import { describe, expect, it, vi } from "vitest";
import { ALICE, BOB, connectMessage as connect, post, repliesOf, startDispatcher } from "../support/dispatchers.ts";
import { FakeBridge, payload } from "../support/fake-bridge.ts";

describe("Dispatcher, its start and its end", () => {
  it("reports its health, and hands everything else on", async () => {
    const bridge = new FakeBridge();
    await using dispatcher = await startDispatcher(bridge, {}, false);
    const url = `http://127.0.0.1:${dispatcher.port}`;
    const starting = await fetch(`${url}/health`);
    expect([starting.status, await starting.json()]).toEqual([503, { status: "starting", bridges: { up: 0, of: 1 } }]);
    const ready = dispatcher.ready();
    bridge.up();
    await ready;
    const ok = await fetch(`${url}/health`);
    expect([ok.status, await ok.json()]).toEqual([200, { status: "ok", bridges: { up: 1, of: 1 } }]);
    expect((await fetch(`${url}/bayeuxx`)).status).toBe(404);
  });

  it("names the port that is taken", async () => {
    await using dispatcher = await startDispatcher(new FakeBridge());
    const again = startDispatcher(new FakeBridge(), { port: dispatcher.port });
    await expect(again).rejects.toThrow(`port ${dispatcher.port} on 127.0.0.1 is in use already`);
  });

  it("answers held polls when it drains, with what the bridge was sending just then", async () => {
    const bridge = new FakeBridge();
    bridge.frees = false;
    const dispatcher = await startDispatcher(bridge);
    const polls = [post(dispatcher, [connect(ALICE)]), post(dispatcher, [connect(BOB)])];
    await vi.waitFor(() => expect(bridge.requests).toHaveLength(2));
    await new Promise(setImmediate);
    const drained = dispatcher.drain();
    await vi.waitFor(() => expect(bridge.of("closed")).toHaveLength(2));
    expect(dispatcher.health().status).toBe("draining");
    const [first, second] = bridge.of("closed").map(({ connection }) => connection);
    const crossing = payload({ channel: "/lobby", data: 1 });
    bridge.say({ type: "release", isFinal: true, recipients: Uint32Array.of(first ?? 0), payload: crossing });
    bridge.say({ type: "freed", connection: first ?? 0 }, { type: "freed", connection: second ?? 0 });
    const bodies = await Promise.all(polls.map(repliesOf));
    expect(new Set(bodies.map((body) => body.length))).toEqual(new Set([1, 2]));
    for (const body of bodies) expect(body.at(-1)).toMatchObject({ channel: "/meta/connect", successful: true });
    await drained;
    await expect(post(dispatcher, [])).rejects.toThrow("fetch failed");
    await dispatcher[Symbol.asyncDispose]();
  });
});
