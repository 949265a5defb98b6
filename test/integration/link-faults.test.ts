import { randomBytes } from "node:crypto";
import { once } from "node:events";
import { connect } from "node:net";
import { pino } from "pino";
import { describe, expect, it, vi } from "vitest";
import { encode } from "../../link/codec.ts";
import { ServerHello } from "../../link/hello.ts";
import { FaultCounter, type Frame } from "../../link/index.ts";
import { FrameDecoder } from "../../link/frame-decoder.ts";
import { MAX_HELLO_BYTES, type WireFrame } from "../../link/wire.ts";
import {
  RawDispatcher,
  RecordingOwner,
  SECRET,
  bridge,
  client,
  configOf,
  listen,
  listenRaw,
  recordLog,
} from "./link-peers.ts";

const quick = configOf({ heartbeatMs: 20, deadAfterMs: 100, handshakeTimeoutMs: 100 });
const someFrame: Frame = { type: "answer", connection: 1, isFinal: false, payload: Buffer.alloc(100_000) };

function counter(): FaultCounter {
  return new FaultCounter(pino({ level: "silent" }), () => performance.now());
}

describe("a silent peer", () => {
  it("is pinged, lives while it answers, and is dropped when it freezes", async () => {
    const owner = new RecordingOwner();
    const faults = counter();
    await using server = await listen(owner, { config: quick, faults });
    using raw = await RawDispatcher.connect(server.port);
    const beats = quick.deadAfterMs / quick.heartbeatMs;
    let pings = 0;
    await vi.waitFor(
      () => {
        // Each ping is answered once, for longer than a silent peer may live.
        for (const frame of raw.frames.splice(0)) {
          expect(frame.type).toBe("ping");
          raw.send({ type: "pong" });
          pings++;
        }
        expect(pings).toBeGreaterThan(2 * beats);
      },
      { timeout: 5_000, interval: 5 },
    );
    expect(owner.events).toEqual(["up d1"]);
    await vi.waitFor(() => expect(owner.events).toHaveLength(2));
    expect(owner.events).toEqual(["up d1", "down d1: nothing was heard from the peer for 100 ms"]);
    expect(faults.counts().get("link.silent")).toBe(1);
  });

  it("is dropped by a dispatcher too, which then connects anew", async () => {
    const owner = new RecordingOwner();
    await using frozen = await listenRaw((socket) => {
      const hello = new ServerHello({ peer: bridge, secret: SECRET, randomBytes, maxFrameBytes: quick.maxFrameBytes });
      const decoder = new FrameDecoder("dispatcher", MAX_HELLO_BYTES);
      socket.write(encode(hello.open()));
      socket.on("data", (chunk: Buffer) => {
        decoder.push(chunk, (frame) => {
          if (frame.type !== "hello") return;
          const { send } = hello.receive(frame);
          if (send) socket.write(encode(send));
        });
      });
    });
    await using link = client(frozen.port, owner, { config: quick });
    link.start();
    const reason = "down b1: nothing was heard from the peer for 100 ms";
    await vi.waitFor(() => expect(owner.events.slice(0, 4)).toEqual(["up b1", reason, "up b1", reason]), 5_000);
  });

  it("is answered when it pings", async () => {
    await using server = await listen(new RecordingOwner());
    using raw = await RawDispatcher.connect(server.port);
    raw.send({ type: "ping" });
    await vi.waitFor(() => expect(raw.frames).toEqual([{ type: "pong" }]));
  });

  it("that never begins its hello is told, and dropped", async () => {
    const faults = counter();
    await using server = await listen(new RecordingOwner(), { config: quick, faults });
    const socket = connect(server.port, "127.0.0.1");
    const frames = collect(socket);
    await once(socket, "close");
    expect(frames).toMatchObject([{ type: "challenge" }, { type: "refuse" }]);
    await vi.waitFor(() => expect(faults.counts().get("link.timeout")).toBe(1));
  });

  it("that never sends its challenge is given up", async () => {
    await using mute = await listenRaw(() => undefined);
    await using link = client(mute.port, new RecordingOwner(), { config: quick });
    link.start();
    await vi.waitFor(() => expect(link.failure?.code).toBe("timeout"), 5_000);
  });
});

describe("a slow reader", () => {
  it("makes the link full, and drains when it reads again", async () => {
    const owner = new RecordingOwner();
    await using server = await listen(owner);
    using raw = await RawDispatcher.connect(server.port);
    raw.socket.pause();
    let sent = 0;
    while (owner.link.send(someFrame)) {
      sent++;
      // The system's own buffers fill first.
      await new Promise(setImmediate);
    }
    expect(owner.link.isFull).toBe(true);
    expect(owner.drains).toBe(0);
    raw.socket.resume();
    await vi.waitFor(() => expect(owner.drains).toBe(1), 5_000);
    expect(owner.link.isFull).toBe(false);
    await vi.waitFor(() => expect(raw.frames).toHaveLength(sent + 1), 5_000);
  });

  it("is cut off at the hard bound, with a reason", async () => {
    const owner = new RecordingOwner();
    const { log, lines } = recordLog();
    const faults = counter();
    const config = configOf({ maxFrameBytes: 200_000, highWaterBytes: 100_000, maxQueuedBytes: 1_000_000 });
    await using server = await listen(owner, { config, log, faults });
    using raw = await RawDispatcher.connect(server.port, undefined, { maxFrameBytes: 200_000 });
    raw.socket.pause();
    const link = owner.link;
    for (let turn = 0; turn < 1_000 && owner.events.length === 1; turn++) {
      link.send(someFrame);
      await new Promise(setImmediate);
    }
    const reason = expect.stringMatching(/bytes wait to be written; the limit is 1000000$/);
    expect(owner.events).toEqual(["up d1", reason]);
    expect(lines).toContainEqual(expect.objectContaining({ level: 40, msg: "link down", reason }));
    expect(faults.counts().get("link.overflow")).toBe(1);
    expect(link.send(someFrame)).toBe(false);
  });
});

describe("a hostile peer", () => {
  it.each([
    ["HTTP", "GET / HTTP/1.1\r\nHost: x\r\n\r\n", "tooLarge"],
    ["a huge length", "\u0000\u0000\u0000\u007f", "tooLarge"],
    ["a frame of the next phase", encode({ type: "closed", connection: 1 }), "direction"],
    ["a ping instead of a hello", encode({ type: "ping" }), "direction"],
    ["a hello of nothing", encode({ type: "hello", payload: Buffer.alloc(0) }), "malformed"],
    ["a hello longer than a hello may be", encode({ type: "hello", payload: Buffer.alloc(70_000) }), "tooLarge"],
  ] as const)("that begins with %s is dropped and counted, and others are not disturbed", async (_, bytes, code) => {
    const owner = new RecordingOwner();
    const { log, lines } = recordLog();
    const faults = new FaultCounter(log, () => performance.now());
    await using server = await listen(owner, { faults });
    using healthy = await RawDispatcher.connect(server.port);
    const socket = connect(server.port, "127.0.0.1");
    socket.on("error", () => undefined);
    socket.resume();
    socket.write(bytes);
    await vi.waitFor(() => expect(socket.closed).toBe(true));
    await vi.waitFor(() => expect([...faults.counts()]).toEqual([[`link.${code}`, 1]]));
    expect(lines).toMatchObject([
      { level: 30, msg: "link refused", kind: `link.${code}`, count: 1, remote: expect.any(String) },
    ]);
    owner.link.send(someFrame);
    await vi.waitFor(() => expect(healthy.frames).toHaveLength(1));
  });

  it.each([
    ["garbage", Buffer.from("080000000f00000000000000", "hex"), "malformed"],
    ["a bridge's frame", encode({ type: "freed", connection: 1 }), "direction"],
    ["a second hello", encode({ type: "hello", payload: Buffer.from("{}") }), "direction"],
    ["a frame over the limit", Buffer.from("01008000", "hex"), "tooLarge"],
  ] as const)("that sends %s on its link loses the link, and what follows is ignored", async (_, bytes, code) => {
    const owner = new RecordingOwner();
    const faults = counter();
    await using server = await listen(owner, { faults });
    using raw = await RawDispatcher.connect(server.port);
    const good = encode({ type: "closed", connection: 5 });
    raw.socket.write(Buffer.concat([good, bytes, good]));
    await vi.waitFor(() => expect(raw.socket.closed).toBe(true));
    await vi.waitFor(() =>
      expect(owner.events).toEqual(["up d1", expect.stringMatching(/^down d1: (a|there is no) /)]),
    );
    expect(owner.frames).toEqual([{ type: "closed", connection: 5 }]);
    expect([...faults.counts()]).toEqual([[`link.${code}`, 1]]);
  });

  it("that opens many connections and says nothing cannot hold more than a few", async () => {
    const faults = counter();
    await using server = await listen(new RecordingOwner(), { config: configOf({ maxUnproven: 3 }), faults });
    const sockets = Array.from({ length: 10 }, () => connect(server.port, "127.0.0.1"));
    for (const socket of sockets) socket.on("error", () => undefined).resume();
    await vi.waitFor(() => expect(faults.counts().get("link.busy")).toBe(7));
    await vi.waitFor(() => expect(sockets.filter((socket) => socket.destroyed)).toHaveLength(7));
    for (const socket of sockets) socket.destroy();
    await vi.waitFor(async () => {
      using raw = await RawDispatcher.connect(server.port);
      expect(raw.socket.destroyed).toBe(false);
    });
  });
});

function collect(socket: ReturnType<typeof connect>): WireFrame[] {
  const frames: WireFrame[] = [];
  const decoder = new FrameDecoder("bridge", MAX_HELLO_BYTES);
  socket.on("data", (chunk: Buffer) => decoder.push(chunk, (frame) => frames.push(frame)));
  return frames;
}
