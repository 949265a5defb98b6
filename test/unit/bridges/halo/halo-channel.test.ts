import { afterEach, beforeEach, describe, expect, it, vi } from "vitest";
import type { BridgeConfig } from "../../../../bridges/index.ts";
import type { Cluster, ClusterSource } from "../../../../halod/index.ts";
import type { Message } from "../fakes.ts";
import { connect, disconnect, publish, Stage, subscribe, unsubscribe } from "../stage.ts";

const HALO = "/halo";

/** Without HaloD: the bridge draws what it knows. */
describe("the channel of the stack", () => {
  let stage: Stage;
  const begin = async (config: Partial<BridgeConfig> = { haloChannel: true }) => {
    stage = await Stage.start(config);
  };
  beforeEach(() => begin());
  afterEach(() => stage[Symbol.asyncDispose]());

  /** The pictures among messages. */
  const pictures = (messages: readonly Message[]) =>
    messages.flatMap(({ channel, data }) => (channel === HALO && typeof data === "object" ? [data] : []));
  /** What waits for a session. */
  const waiting = async (clientId: string) => pictures(await stage.ask(connect(clientId, { advice: { timeout: 0 } })));

  it("shows the stack at once to who subscribes, and no network hears of it", async () => {
    const clientId = await stage.session();
    expect(await stage.ask(subscribe(clientId, HALO))).toMatchObject([{ successful: true, subscription: HALO }]);
    expect(await waiting(clientId)).toEqual([
      {
        ...{ source: "list", isCurrent: true, bridge: 1, epoch: 1, changedMs: Date.UTC(2026, 0, 1), routes: 1 },
        ...{ owners: [1, 1], step: 1, more: null, moreDispatchers: null, events: [] },
        bridges: [{ node: 1, state: "active", routes: 1, sessions: 1, heard: 0, delivered: 0 }],
        dispatchers: [{ number: 1, connections: 0 }],
      },
    ]);
    expect([stage.network.joins, stage.bridge.census.channels]).toEqual([[], 0]);
  });

  it("shows what has changed, once a second, and nothing where nothing has", async () => {
    const clientId = await stage.session();
    await stage.ask(subscribe(clientId, HALO), subscribe(clientId, "/a"));
    await waiting(clientId);
    // A poll that is answered leaves no connection.
    await stage.advance(1_000);
    await waiting(clientId);
    await stage.advance(5_000);
    expect(await waiting(clientId)).toEqual([]);
    await stage.session(["/a"]);
    for (let id = 0; id < 5; id++) stage.network.say("/a", "x", `id-${id}`);
    await stage.advance(1_000);
    // To two sessions each.
    expect(await waiting(clientId)).toMatchObject([{ bridges: [{ sessions: 2, heard: 5, delivered: 10 }] }]);
  });

  it("keeps no more than the newest for a slow reader, in a poll's queue and behind a socket that is full", async () => {
    const clientId = await stage.handshake();
    const socket = stage.dispatcher.over(null, connect(clientId, { connectionType: "websocket" }));
    await stage.advance();
    stage.dispatcher.over(socket, subscribe(clientId, HALO));
    await stage.advance();
    expect(pictures(socket.take())).toHaveLength(1);
    stage.dispatcher.pause(socket);
    const poll = await stage.session([HALO]);
    for (let count = 3; count < 8; count++) {
      await stage.session();
      await stage.advance(1_000);
    }
    expect(pictures(socket.take())).toEqual([]);
    stage.dispatcher.resume(socket);
    await stage.advance();
    expect(pictures(socket.take())).toMatchObject([{ bridges: [{ sessions: 7 }] }]);
    expect(await waiting(poll)).toMatchObject([{ bridges: [{ sessions: 7 }] }]);
  });

  it("shows a second one the newest at once, and draws nothing when nobody is left", async () => {
    const one = await stage.session([HALO]);
    const two = await stage.handshake();
    await stage.ask(subscribe(two, HALO));
    expect(await waiting(two)).toMatchObject([{ bridges: [{ sessions: 1 }] }]);
    const drawing = vi.getTimerCount();
    await stage.ask(unsubscribe(one, HALO));
    await stage.advance(1_000);
    expect(await waiting(two)).toMatchObject([{ bridges: [{ sessions: 2 }] }]);
    expect(vi.getTimerCount()).toBe(drawing);
    await stage.ask(disconnect(two));
    expect(vi.getTimerCount()).toBeLessThan(drawing);
    await stage.session();
    await stage.advance(2_000);
    expect(await waiting(one)).toEqual([]);
  });

  it("is the bridge's own: nobody publishes there, and neither wildcards nor presence nor replay know it", async () => {
    const clientId = await stage.session(["/*", "/**"]);
    stage.network.existing = [HALO, "/other"];
    await stage.advance(10_000);
    await stage.advance();
    expect(stage.network.joins.map(({ channel }) => channel)).not.toContain(HALO);
    stage.network.say(HALO, { forged: true });
    expect(await waiting(clientId)).toEqual([]);
    expect(await stage.ask(publish(clientId, HALO, 1))).toMatchObject([
      { successful: false, error: expect.stringMatching(/^403:/) },
    ]);
    const refused = await stage.ask(subscribe(clientId, `/presence${HALO}`));
    expect(refused).toMatchObject([{ successful: false, error: expect.stringMatching(/^404:/) }]);
    const replay = { ext: { replay: { [HALO]: -2 } } };
    expect(await stage.ask(subscribe(clientId, HALO, replay))).toMatchObject([{ successful: true }]);
    expect(await waiting(clientId)).toHaveLength(1);
    expect(await stage.ask(subscribe(clientId, `${HALO}/room`))).toMatchObject([{ successful: true }]);
    expect(stage.network.joins.map(({ channel }) => channel)).toContain(`${HALO}/room`);
  });

  it("is refused unless it is on, and no network's then either", async () => {
    await stage[Symbol.asyncDispose]();
    await begin({});
    const clientId = await stage.session();
    const reply = await stage.ask(subscribe(clientId, [HALO, "/a"]));
    const error = "403:/halo:This stack does not show itself - bridge.haloChannel is for that";
    expect(reply).toMatchObject([{ successful: false, error }]);
    expect(stage.network.joins).toEqual([]);
  });
});

/** A table that changes. */
class FakeSource implements ClusterSource {
  tell: (cluster: Cluster) => void = () => {};

  start(onCluster: (cluster: Cluster) => void): void {
    this.tell = onCluster;
  }

  async [Symbol.asyncDispose](): Promise<void> {}
}

describe("the channel of a stack whose table changes", () => {
  it("shows the new one at once", async () => {
    const source = new FakeSource();
    await using stage = await Stage.start({ haloChannel: true }, undefined, { routes: 2, cluster: source });
    await stage.advance();
    const node = { node: 1, address: "", instance: "instance", state: "active", sinceMs: 0 } as const;
    source.tell({ epoch: 4, owners: [1, 1], nodes: [node] });
    const clientId = await stage.session([HALO]);
    await stage.ask(connect(clientId, { advice: { timeout: 0 } }));
    source.tell({ epoch: 5, owners: [1, 2], nodes: [node, { ...node, node: 2, instance: "other" }] });
    const [message] = await stage.ask(connect(clientId, { advice: { timeout: 0 } }));
    expect(message?.["data"]).toMatchObject({
      ...{ epoch: 5, owners: [1, 1, 2, 1] },
      bridges: [
        { node: 1, sessions: 1 },
        { node: 2, sessions: null, heard: null },
      ],
    });
  });
});
