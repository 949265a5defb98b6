import { describe, expect, it, vi } from "vitest";
import { nodeAt } from "../support/fake-cluster.ts";
import { connect, handshake } from "../unit/bridges/stage.ts";
import { EVENTUALLY, HANDOVER_MS, Place, ROUTES } from "./moving-place.ts";

const SOON_MS = 300;
const MOVED = {
  successful: false,
  error: expect.stringMatching(/^402:/) as string,
  advice: { reconnect: "handshake" },
};

describe("two bridges, where one of them fails", { timeout: 30_000 }, () => {
  const config = { handoverMs: SOON_MS };

  it("end the sessions that nobody has come for in time", async () => {
    await using old = await Place.start(1, config);
    const clientId = await (async () => {
      old.cluster.tell(ROUTES, [1], [nodeAt(1, old.address, { instance: "instance 1" })]);
      return old.session(2, ["/lobby"]);
    })();
    old.dispatcher.route = 2;
    const poll = old.dispatcher.post(connect(clientId, { id: "2" }));
    // Nobody listens there.
    const other = nodeAt(2, "127.0.0.1:1");
    const atMs = performance.now();
    old.cluster.tell(ROUTES, [1, 2], [nodeAt(1, old.address, { instance: "instance 1" }), other]);
    await vi.waitFor(() => expect(poll.messages).toMatchObject([MOVED]), EVENTUALLY);
    expect(performance.now() - atMs).toBeGreaterThanOrEqual(SOON_MS - 10);
    expect(old.bridge.census.sessions).toBe(0);
  });

  it("serve the routes without the sessions of one that does not answer", async () => {
    await using next = await Place.start(2, config);
    const [self, dead] = [nodeAt(2, next.address, { instance: "instance 2" }), nodeAt(1, "127.0.0.1:1")];
    next.cluster.tell(ROUTES, [1], [dead, self]);
    next.cluster.tell(ROUTES, [2], [dead, self]);
    const clientId = `002${"a".repeat(26)}`;
    next.dispatcher.route = 2;
    const lost = next.dispatcher.post(connect(clientId));
    const fresh = next.dispatcher.post(handshake());
    expect([lost.messages, fresh.messages]).toEqual([[], []]);
    await vi.waitFor(() => expect(lost.messages).toMatchObject([MOVED]), EVENTUALLY);
    await vi.waitFor(() => expect(fresh.messages).toMatchObject([{ successful: true }]), EVENTUALLY);
  });

  it("wait no longer when one is dead that was alive", async () => {
    await using next = await Place.start(2, { handoverMs: HANDOVER_MS });
    const [self, dead] = [nodeAt(2, next.address, { instance: "instance 2" }), nodeAt(1, "127.0.0.1:1")];
    next.cluster.tell(ROUTES, [1], [dead, self]);
    next.cluster.tell(ROUTES, [1, 2], [dead, self]);
    next.dispatcher.route = 2;
    const lost = next.dispatcher.post(connect(`002${"a".repeat(26)}`));
    expect(lost.messages).toEqual([]);
    next.cluster.tell(ROUTES, [2], [self]);
    await vi.waitFor(() => expect(lost.messages).toMatchObject([MOVED]), EVENTUALLY);
  });

  it("do not wait for one that is not in the table any more", async () => {
    await using next = await Place.start(2, { handoverMs: HANDOVER_MS });
    const [self, dead] = [nodeAt(2, next.address, { instance: "instance 2" }), nodeAt(1, "127.0.0.1:1")];
    next.cluster.tell(ROUTES, [1], [dead, self]);
    next.cluster.tell(ROUTES, [2], [self]);
    next.dispatcher.route = 2;
    const lost = next.dispatcher.post(connect(`002${"a".repeat(26)}`));
    await vi.waitFor(() => expect(lost.messages).toMatchObject([MOVED]), EVENTUALLY);
  });

  it("refuse, after a while, what a plan that never came true has made them expect", async () => {
    await using next = await Place.start(2, config);
    await using old = await Place.start(1, config);
    const nodes = [
      nodeAt(1, old.address, { instance: "instance 1" }),
      nodeAt(2, next.address, { instance: "instance 2" }),
    ];
    next.cluster.tell(ROUTES, [1], nodes);
    await next.cluster.plan(ROUTES, [2], nodes);
    next.dispatcher.route = 2;
    next.dispatcher.post(connect(`002${"a".repeat(26)}`));
    expect(next.dispatcher.link.of("refused")).toEqual([]);
    await vi.waitFor(() => expect(next.dispatcher.link.of("refused")).toHaveLength(1), EVENTUALLY);
  });
});
