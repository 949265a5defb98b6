import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, describe, expect, it, vi } from "vitest";
import type { LivePicture } from "../../halod/index.ts";
import type { Frame, Peer } from "../../link/index.ts";
import { freePort } from "../support/free-port.ts";
import { ROUTES, SECRET, startHalod, TestMember } from "../support/halod-cluster.ts";
import { client, RecordingOwner } from "./link-peers.ts";

const WAIT = { timeout: 10_000, interval: 20 };

let folder = "";
beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), "tailspin-halod-"));
});
afterEach(() => rm(folder, { recursive: true }));

/** A member that looks at the stack; null: HaloD is away. */
function watch(member: TestMember): (LivePicture | null)[] {
  const seen: (LivePicture | null)[] = [];
  member.client.watch((picture) => seen.push(picture));
  return seen;
}

function control(message: unknown): Frame {
  return { type: "control", payload: Buffer.from(JSON.stringify(message)) };
}

const texts = (picture: LivePicture | null | undefined) => picture?.events.map(({ text }) => text);

describe("what HaloD shows of the stack", () => {
  it("is how it is and what happened, told to who watches", async () => {
    await using halod = await startHalod({ file: join(folder, "halod.json"), failAfterMs: 100 });
    await using one = new TestMember(halod.port, 1);
    await vi.waitFor(() => expect(one.owners).toBe("1".repeat(ROUTES)), WAIT);
    const seen = watch(one);
    const alone = { routes: ROUTES, bridges: [{ node: 1, state: "active", routes: ROUTES, sessions: null }] };
    await vi.waitFor(() => expect(seen.at(-1)).toMatchObject(alone), WAIT);
    await using dispatcher = new TestMember(halod.port);
    await vi.waitFor(() => expect(seen.at(-1)?.dispatchers).toEqual([{ number: 1, connections: null }]), WAIT);
    const two = new TestMember(halod.port, 2);
    await vi.waitFor(() => expect(texts(seen.at(-1))?.at(-1)).toBe("bridge 2 joined: 12 routes moved"), WAIT);
    expect(dispatcher.client.isUp).toBe(true);
    await two.client.leave();
    await two[Symbol.asyncDispose]();
    await vi.waitFor(
      () =>
        expect(texts(seen.at(-1))).toEqual([
          "first table: bridge 1 has 24 routes",
          "dispatcher 1 came",
          "bridge 2 joined: 12 routes moved",
          "bridge 2 left: 12 routes moved",
        ]),
      WAIT,
    );
    one.client.watch(null);
    const count = seen.length;
    await using three = new TestMember(halod.port, 3);
    const others = watch(three);
    await vi.waitFor(() => expect(others.at(-1)?.bridges).toHaveLength(2), WAIT);
    expect(seen).toHaveLength(count);
  });

  it("counts what members report, each on its own clock", async () => {
    await using halod = await startHalod({ file: join(folder, "halod.json") });
    await using one = new TestMember(halod.port, 1);
    // The first table is voted on by all who are there, and the other one does not vote.
    await vi.waitFor(() => expect(one.owners).toBe("1".repeat(ROUTES)), WAIT);
    const owner = new RecordingOwner();
    const peer: Peer = { role: "bridge", name: "b2", instance: "i2", routes: ROUTES, node: 2, nodes: ROUTES };
    await using link = client(halod.port, owner, { peer, serverRole: "halod", secret: SECRET });
    link.start();
    await vi.waitFor(() => expect(owner.links).toHaveLength(1), WAIT);
    const report = { type: "report", connections: 4, sessions: 5, busy: 0 };
    // Nobody yet: it has not registered.
    owner.link.send(control({ ...report, atMs: 0, heard: 9_999, delivered: 0 }));
    owner.link.send(control({ type: "watch", isOn: true }));
    owner.link.send(control({ type: "register", address: "b2:1", epoch: 0 }));
    owner.link.send(control({ ...report, atMs: 500_000, heard: 100, delivered: 1_000 }));
    owner.link.send(control({ ...report, atMs: 502_000, heard: 130, delivered: 1_001 }));
    const seen = watch(one);
    await vi.waitFor(
      () =>
        expect(seen.at(-1)?.bridges.find(({ node }) => node === 2)).toEqual({
          ...{ node: 2, state: "active", routes: 12, sessions: 5, heard: 15, delivered: 0.5 },
        }),
      WAIT,
    );
    const told = owner.frames.map((frame) => (frame.type === "control" ? JSON.parse(frame.payload.toString()) : null));
    expect(told.map((message) => message?.type)).not.toContain("picture");
    owner.link.close("the test cuts it");
    await vi.waitFor(
      () =>
        expect(seen.at(-1)?.bridges.find(({ node }) => node === 2) ?? { sessions: null }).toMatchObject({
          sessions: null,
        }),
      WAIT,
    );
  });

  it("says when HaloD is away, and goes on when it is back, without news of what was before", async () => {
    const file = join(folder, "halod.json");
    const port = await freePort();
    const first = await startHalod({ file, port });
    await using one = new TestMember(port, 1);
    const seen = watch(one);
    await vi.waitFor(() => expect(seen.at(-1)?.bridges).toHaveLength(1), WAIT);
    await first[Symbol.asyncDispose]();
    await vi.waitFor(() => expect(seen.at(-1)).toBeNull(), WAIT);
    await using again = await startHalod({ file, port });
    await vi.waitFor(
      () => expect(seen.at(-1)).toMatchObject({ bridges: [{ node: 1, state: "active" }], events: [] }),
      WAIT,
    );
    expect(again.port).toBe(port);
  });
});
