import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, describe, expect, it, vi } from "vitest";
import type { Frame, Peer } from "../../link/index.ts";
import { ROUTES, startHalod, TestMember, SECRET } from "../support/halod-cluster.ts";
import { client, listen, RecordingOwner } from "./link-peers.ts";

let folder = "";
beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), "tailspin-halod-"));
});
afterEach(() => rm(folder, { recursive: true }));

const bridge: Peer = { role: "bridge", name: "b1", instance: "bi", routes: ROUTES, node: 1, nodes: ROUTES };
const dispatcher: Peer = { ...bridge, role: "dispatcher", name: "d1", instance: "di", node: 0 };
const CLUSTER = { epoch: 5, owners: new Array<number>(ROUTES).fill(1), nodes: [] };

function control(message: unknown): Frame {
  return { type: "control", payload: Buffer.from(typeof message === "string" ? message : JSON.stringify(message)) };
}

function said(owner: RecordingOwner): unknown[] {
  return owner.frames.map((frame) => (frame.type === "control" ? JSON.parse(frame.payload.toString()) : frame.type));
}

describe("HaloD, to a peer that says what makes no sense,", () => {
  it.each([
    ["no JSON", dispatcher, "{", "none of this version"],
    ["a type that is none", dispatcher, { type: "regsiter", epoch: 0 }, "none of this version"],
    ["no epoch", dispatcher, { type: "register" }, "none of this version"],
    ["an epoch that is none", dispatcher, { type: "register", epoch: -1 }, "none of this version"],
    ["an address that is none", bridge, { type: "register", epoch: 0, address: 'a"b:1' }, "none of this version"],
    ["no address", bridge, { type: "register", epoch: 0 }, "bridge b1 does not say where it listens"],
    [
      "an instance that is too long",
      { ...bridge, instance: "x".repeat(65) },
      { type: "register", epoch: 0, address: "a:1" },
      "is not the name of an instance",
    ],
  ])("says so, and goes on: %s", async (_, peer, message, text) => {
    await using halod = await startHalod({ file: join(folder, "halod.json") });
    const owner = new RecordingOwner();
    await using link = client(halod.port, owner, { peer, serverRole: "halod", secret: SECRET });
    link.start();
    await vi.waitFor(() => expect(owner.links).toHaveLength(1));
    owner.link.send(control(message));
    await vi.waitFor(() => expect(said(owner)).toEqual([{ type: "refused", text: expect.stringContaining(text) }]));
    owner.link.send(control({ type: "status" }));
    await vi.waitFor(() => expect(said(owner)[1]).toMatchObject({ type: "status", nodes: [], dispatchers: 0 }));
  });

  it("lets in no more dispatchers than it may", async () => {
    await using halod = await startHalod({ file: join(folder, "halod.json"), maxDispatchers: 1 });
    await using bridgeMember = new TestMember(halod.port, 1);
    await using first = new TestMember(halod.port);
    await vi.waitFor(() => expect(first.clusters).toHaveLength(1));
    await using second = new TestMember(halod.port);
    await vi.waitFor(() => expect(second.client.refusal).toContain("halod.maxDispatchers"));
    await first[Symbol.asyncDispose]();
    await vi.waitFor(() => expect(second.owners).toBe(bridgeMember.owners), 5_000);
  });
});

describe("HaloClient", () => {
  it.each([
    ["no JSON", "["],
    ["a table of other routes", { type: "cluster", cluster: { ...CLUSTER, owners: [1] } }],
    ["an epoch that is none", { type: "cluster", cluster: { ...CLUSTER, epoch: "6" } }],
  ])("takes no table that makes no sense, and tries again: %s", async (_, message) => {
    const owner = new RecordingOwner();
    const peer: Peer = { ...dispatcher, role: "halod", name: "h1" };
    await using server = await listen(owner, { peer, secret: SECRET });
    await using member = new TestMember(server.port);
    await vi.waitFor(() => expect(said(owner)).toEqual([{ type: "register", epoch: 0 }]));
    owner.link.send(control({ type: "cluster", cluster: CLUSTER }));
    await vi.waitFor(() => expect(member.epochs).toEqual([5]));
    // Neither the same again, nor an older one.
    owner.link.send(control({ type: "cluster", cluster: CLUSTER }));
    owner.link.send(control({ type: "cluster", cluster: { ...CLUSTER, epoch: 4 } }));
    owner.link.send(control(message));
    await vi.waitFor(() => expect(said(owner)[1]).toEqual({ type: "register", epoch: 5 }));
    owner.link.send(control({ type: "cluster", cluster: { ...CLUSTER, epoch: 6 } }));
    await vi.waitFor(() => expect(member.epochs).toEqual([5, 6]));
  });

  it("does not wait for a HaloD that is away, or does not answer, when it leaves; nor registers again", async () => {
    const owner = new RecordingOwner();
    const peer: Peer = { ...dispatcher, role: "halod", name: "h1" };
    await using server = await listen(owner, { peer, secret: SECRET });
    await using mute = new TestMember(server.port, 1);
    await vi.waitFor(() => expect(owner.frames).toHaveLength(1));
    expect(await mute.client.leave(50)).toBe(false);
    owner.link.close("the test cuts it");
    await vi.waitFor(() => expect(owner.links).toHaveLength(2));
    await mute[Symbol.asyncDispose]();
    expect(said(owner)).toEqual([expect.objectContaining({ type: "register" }), { type: "leave" }]);
    await server[Symbol.asyncDispose]();
    await using away = new TestMember(1, 2);
    expect(await away.client.leave()).toBe(false);
  });
});
