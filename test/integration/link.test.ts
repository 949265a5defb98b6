import { once } from "node:events";
import { connect } from "node:net";
import { describe, expect, it, vi } from "vitest";
import type { Frame, LinkError } from "../../link/index.ts";
import {
  RawDispatcher,
  RecordingOwner,
  SECRET,
  bridge,
  client,
  dispatcher,
  listen,
  listenRaw,
  recordLog,
} from "./link-peers.ts";

const down: Frame = { type: "deliver", seq: 7, recipients: Uint32Array.of(1, 2), payload: Buffer.from('{"a":"ä"}') };
const up: Frame = {
  type: "request",
  connection: 1,
  route: 3,
  isSocket: false,
  mayHold: true,
  context: {
    via: "upgrade",
    isMultiplexed: true,
    browser: "0a".repeat(16),
    origin: "1b".repeat(16),
    address: "2c".repeat(16),
  },
  payload: Buffer.from("[]"),
};

describe("a link", () => {
  it("carries frames both ways, once each side has proved itself", async () => {
    const [atBridge, atDispatcher] = [new RecordingOwner(), new RecordingOwner()];
    await using server = await listen(atBridge);
    await using link = client(server.port, atDispatcher);
    link.start();
    await vi.waitFor(() => expect([atBridge.links, atDispatcher.links]).toMatchObject([[{}], [{}]]));
    expect([atBridge.link.peer, atDispatcher.link.peer]).toEqual([dispatcher, bridge]);
    expect(link.link).toBe(atDispatcher.link);
    expect(atDispatcher.link.send(up)).toBe(true);
    expect(atBridge.link.send(down)).toBe(true);
    await vi.waitFor(() => expect([atBridge.frames, atDispatcher.frames]).toEqual([[up], [down]]));
  });

  it("carries what the bridge sends the moment that the link is up", async () => {
    const [atBridge, atDispatcher] = [new RecordingOwner(), new RecordingOwner()];
    const big: Frame = { type: "answer", connection: 1, isFinal: true, payload: Buffer.alloc(3_000_001, "x") };
    atBridge.onUp = (link) => {
      link.send(down);
      link.send(big);
    };
    await using server = await listen(atBridge);
    await using link = client(server.port, atDispatcher);
    link.start();
    await vi.waitFor(() => expect(atDispatcher.frames).toHaveLength(2));
    expect(atDispatcher.frames[0]).toEqual(down);
    expect(atDispatcher.frames[1]).toMatchObject({ payload: { length: 3_000_001 } });
  });

  it("sends the frames of one turn in one write", async () => {
    const owner = new RecordingOwner();
    await using server = await listen(owner);
    using raw = await RawDispatcher.connect(server.port);
    raw.chunks.length = 0;
    for (let turn = 0; turn < 50; turn++) owner.link.send(down);
    await vi.waitFor(() => expect(raw.frames).toHaveLength(50));
    expect(raw.chunks).toHaveLength(1);
  });

  it("never shows the secret to somebody who reads the wire", async () => {
    const seen: Buffer[] = [];
    const [atBridge, atDispatcher] = [new RecordingOwner(), new RecordingOwner()];
    await using server = await listen(atBridge);
    await using tap = await listenRaw((near) => {
      const far = connect(server.port, "127.0.0.1");
      for (const [from, to] of [[near, far] as const, [far, near] as const]) {
        from.on("data", (chunk: Buffer) => {
          seen.push(chunk);
          to.write(chunk);
        });
        from.on("close", () => to.destroy());
      }
    });
    await using link = client(tap.port, atDispatcher);
    link.start();
    await vi.waitFor(() => expect(atDispatcher.links).toHaveLength(1));
    const wire = Buffer.concat(seen);
    expect(wire.includes(dispatcher.instance)).toBe(true);
    for (const form of ["utf8", "hex", "base64"] as const) {
      expect(wire.includes(Buffer.from(SECRET).toString(form))).toBe(false);
    }
  });

  it("tells its owner once why it ended, and takes nothing after that", async () => {
    const [atBridge, atDispatcher] = [new RecordingOwner(), new RecordingOwner()];
    await using server = await listen(atBridge);
    await using link = client(server.port, atDispatcher);
    link.start();
    await vi.waitFor(() => expect(atDispatcher.links).toHaveLength(1));
    const first = atBridge.link;
    first.close("enough");
    first.close("really");
    expect(atBridge.events).toEqual(["up d1"]);
    expect(first.send(down)).toBe(false);
    expect(first.isFull).toBe(true);
    await vi.waitFor(() =>
      expect(atDispatcher.events).toEqual(["up b1", expect.stringContaining("down b1: "), "up b1"]),
    );
    expect(atBridge.events).toEqual(["up d1", "down d1: enough", "up d1"]);
    expect(atDispatcher.frames).toEqual([]);
  });

  it("is replaced by a newer one of the same dispatcher, in good order", async () => {
    const owner = new RecordingOwner();
    await using server = await listen(owner);
    using old = await RawDispatcher.connect(server.port);
    using newer = await RawDispatcher.connect(server.port);
    if (!old.socket.destroyed) await once(old.socket, "close");
    expect(owner.events).toEqual(["up d1", "down d1: a newer link of the same dispatcher replaces it", "up d1"]);
    owner.link.send(down);
    await vi.waitFor(() => expect(newer.frames).toEqual([down]));
    using other = await RawDispatcher.connect(server.port, { ...dispatcher, instance: "another", name: "d2" });
    expect(owner.events.slice(3)).toEqual(["up d2"]);
    expect([newer.socket.destroyed, other.socket.destroyed]).toEqual([false, false]);
  });
});

describe("LinkClient", () => {
  it("comes back when the bridge does", async () => {
    const owner = new RecordingOwner();
    const first = await listen(new RecordingOwner());
    const { port } = first;
    await using link = client(port, owner);
    link.start();
    await vi.waitFor(() => expect(owner.events).toEqual(["up b1"]));
    await first[Symbol.asyncDispose]();
    await vi.waitFor(() => expect(link.failure?.code).toBe("unreachable"));
    await using second = await listen(new RecordingOwner(), { port, peer: { ...bridge, instance: "new" } });
    await vi.waitFor(() =>
      expect(owner.events).toEqual(["up b1", "down b1: the peer ended the link: the bridge stops", "up b1"]),
    );
    expect(owner.link.peer.instance).toBe("new");
    expect(link.failure).toBeNull();
    expect(second.port).toBe(port);
  });

  it("tells once that a bridge cannot be reached, and goes on trying", async () => {
    const gone = await listen(new RecordingOwner());
    const { port } = gone;
    await gone[Symbol.asyncDispose]();
    const { log, lines } = recordLog();
    await using link = client(port, new RecordingOwner(), { log });
    link.start();
    await vi.waitFor(() => expect(lines.length).toBeGreaterThan(4));
    expect(lines.filter(({ level }) => level === 40)).toMatchObject([
      { code: "unreachable", reason: expect.stringContaining("ECONNREFUSED"), bridge: `127.0.0.1:${port}` },
    ]);
  });

  it.each([
    [
      "secret",
      { secret: "another" },
      "bridge b1 and the dispatcher hold different link secrets; set the same for both",
    ],
    [
      "routes",
      { peer: { ...dispatcher, routes: 8 } },
      "bridge b1 has 1024 routes, dispatcher d1 has 8; set the same for both",
    ],
    [
      "nodes",
      { peer: { ...dispatcher, nodes: 2 } },
      "bridge b1 has 1 nodes, dispatcher d1 has 2; set the same for both",
    ],
    [
      "role",
      { peer: { ...bridge, role: "halod", node: 0 } },
      "bridge b1 expects a dispatcher or a bridge here, and b1 is a halod, node 0 of 1",
    ],
    [
      "node",
      { expectedNode: 2 },
      expect.stringContaining("dispatcher d1 expects node 2 at this address, and b1 is node 1"),
    ],
  ] as const)(
    "is told what differs when the bridge refuses it for its %s, says so once, and goes on trying",
    async (code, changes, text) => {
      const [atBridge, atDispatcher] = [new RecordingOwner(), new RecordingOwner()];
      const { log, lines } = recordLog();
      await using server = await listen(atBridge);
      await using link = client(server.port, atDispatcher, { log, random: () => 0, ...changes });
      link.start();
      await vi.waitFor(() => expect(lines.length).toBeGreaterThan(3));
      expect(link.failure).toMatchObject({ name: "LinkError", code, message: text } satisfies Partial<LinkError>);
      expect(lines.filter(({ level }) => level === 40)).toMatchObject([{ code, reason: text }]);
      expect(JSON.stringify(lines)).not.toContain(SECRET);
      expect(atDispatcher.events).toEqual([]);
    },
  );

  it("can be disposed of before it starts, twice, and by a signal", async () => {
    const owner = new RecordingOwner();
    await using server = await listen(owner);
    const never = client(server.port, owner);
    await never[Symbol.asyncDispose]();
    await never[Symbol.asyncDispose]();
    never.start();
    client(server.port, owner, { signal: AbortSignal.abort() }).start();

    const controller = new AbortController();
    const atDispatcher = new RecordingOwner();
    const link = client(server.port, atDispatcher, { signal: controller.signal });
    link.start();
    link.start();
    await vi.waitFor(() => expect(atDispatcher.events).toEqual(["up b1"]));
    controller.abort();
    await link[Symbol.asyncDispose]();
    await vi.waitFor(() =>
      expect(owner.events).toEqual(["up d1", "down d1: the peer ended the link: the dispatcher stops"]),
    );
    expect(atDispatcher.events).toEqual(["up b1", "down b1: the dispatcher stops"]);
  });

  it("ends while it connects", async () => {
    await using mute = await listenRaw(() => undefined);
    const owner = new RecordingOwner();
    const link = client(mute.port, owner);
    link.start();
    await link[Symbol.asyncDispose]();
    expect(owner.events).toEqual([]);
    expect(link.failure?.message).toBe("the dispatcher stops");
  });
});

describe("LinkServer", () => {
  it("writes what waits before it closes its links, and can be disposed of twice", async () => {
    const [atBridge, atDispatcher] = [new RecordingOwner(), new RecordingOwner()];
    const server = await listen(atBridge);
    await using link = client(server.port, atDispatcher);
    link.start();
    await vi.waitFor(() => expect(atBridge.links).toHaveLength(1));
    for (let turn = 0; turn < 100; turn++) {
      atBridge.link.send({ type: "answer", connection: turn, isFinal: true, payload: Buffer.alloc(5_000) });
    }
    await Promise.all([server[Symbol.asyncDispose](), server[Symbol.asyncDispose]()]);
    await vi.waitFor(() => expect(atDispatcher.events).toHaveLength(2));
    expect(atDispatcher.frames).toHaveLength(100);
    expect(atBridge.events).toEqual(["up d1", "down d1: the bridge stops"]);
  });

  it("does not wait for a dispatcher that no longer reads", async () => {
    const owner = new RecordingOwner();
    const server = await listen(owner);
    using raw = await RawDispatcher.connect(server.port);
    raw.socket.pause();
    const payload = Buffer.alloc(1_000_000);
    for (let turn = 0; turn < 30; turn++) owner.link.send({ type: "answer", connection: 1, isFinal: false, payload });
    await server[Symbol.asyncDispose]();
    expect(owner.events).toEqual(["up d1", "down d1: the bridge stops"]);
  });

  it("says why it cannot listen", async () => {
    await using server = await listen(new RecordingOwner());
    await expect(listen(new RecordingOwner(), { port: server.port })).rejects.toThrow(
      `port ${server.port} on 127.0.0.1 is in use already`,
    );
  });
});
