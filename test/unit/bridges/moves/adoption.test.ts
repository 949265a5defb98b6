import { randomBytes } from "node:crypto";
import { pino } from "pino";
import { describe, expect, it, vi } from "vitest";
import { bridgeSchema, NetworkError } from "../../../../bridges/index.ts";
import { Positions } from "../../../../bridges/moves/positions.ts";
import { makeParts, type Parts } from "../../../../bridges/parts.ts";
import type { Session } from "../../../../bridges/session/session.ts";
import { parseSnapshot, snapshotOf, type SessionSnapshot } from "../../../../bridges/session/snapshot.ts";
import { FaultCounter } from "../../../../link/index.ts";
import { seeded } from "../../../support/seeded.ts";
import { soleMapping } from "../../../support/sole-mapping.ts";
import { FakeNetwork, NO_CONTEXT } from "../fakes.ts";

/** The inside of a bridge, on a network that says what a test makes it say. */
class Inside {
  readonly network = new FakeNetwork();
  readonly parts: Parts;

  constructor() {
    const log = pino({ level: "silent" });
    const faults = new FaultCounter(log, Date.now);
    const mapping = soleMapping(this.network.name);
    const config = bridgeSchema.parse({});
    this.parts = makeParts({ config, networks: [this.network], mapping, faults, log, now: Date.now, randomBytes });
    const inbox = this.parts.inboxes.get(this.network);
    if (inbox) this.network.start(inbox);
    inbox?.up();
  }

  async session(isAck: boolean, ...names: string[]): Promise<Session> {
    const session = this.parts.sessions.create(1, null, isAck, NO_CONTEXT);
    const request = { type: "subscribe", channel: "/meta/subscribe", clientId: session.clientId, ext: {} } as const;
    await this.parts.subscriptions.subscribe(session, { ...request, id: undefined, names, subscription: names });
    return session;
  }

  snapshot(session: Session): SessionSnapshot {
    const { subscriptions, messages } = this.parts;
    const positions = new Positions(messages).of(subscriptions.heardBy(session));
    return parseSnapshot(JSON.parse(JSON.stringify(snapshotOf(session, positions))));
  }
}

/** Data of all that waits, notices as "gap". */
function waiting({ queue }: Session): unknown[] {
  return queue.map(({ bytes }) => {
    const { data } = JSON.parse(bytes.toString());
    return typeof data === "object" && data !== null && "gap" in data ? "gap" : data;
  });
}

describe("a session that comes from another bridge", () => {
  it("has what came right behind the confirmation that its next one has joined", async () => {
    const [old, next] = [new Inside(), new Inside()];
    const session = await old.session(false, "/lobby");
    old.network.say("/lobby", 1);
    session.take(1_000);
    next.network.isObliging = false;
    const holding = next.parts.hold();
    const prepared = holding.prepare(["/lobby"]);
    await vi.waitFor(() => expect(next.network.joins).toHaveLength(1));
    next.network.joins[0]?.resolve();
    next.network.say("/lobby", 2);
    await prepared;
    holding.cut();
    const adopted = await next.parts.adoption.adopt(old.snapshot(session), holding);
    expect(waiting(adopted)).toEqual([2]);
  });

  it("has every message once and in order, wherever the two bridges are in it", async () => {
    for (let seed = 0; seed < 100; seed++) {
      const random = seeded(seed);
      const [old, next] = [new Inside(), new Inside()];
      const session = await old.session(random() < 0.5, "/lobby");
      const holding = next.parts.hold();
      const said = { old: 0, next: 0 };
      const say = (side: "old" | "next", upTo: number) => {
        const { network } = side === "old" ? old : next;
        while (said[side] < upTo) network.say("/lobby", ++said[side]);
      };
      say("old", Math.floor(random() * 5));
      // It has joined while the old one was somewhere.
      said.next = Math.floor(random() * (said.old + 3));
      await holding.prepare(["/lobby"]);
      say("old", Math.max(said.old, said.next) + Math.floor(random() * 4));
      say("next", said.next + Math.floor(random() * 4));
      holding.cut();
      const took = session.take(1_000, Math.floor(random() * 3));
      if (session.isAck) session.batch += 1;
      const snapshot = old.snapshot(session);
      say("next", said.next + Math.floor(random() * 3));
      const adopted = await next.parts.adoption.adopt(snapshot, holding);
      holding.release();
      say("next", 20);
      if (session.isAck) adopted.acknowledge(0);
      const before = session.isAck ? 0 : took.length;
      expect(waiting(adopted), `seed ${seed}`).toEqual(
        Array.from({ length: 20 - before }, (_, index) => before + index + 1),
      );
    }
  });

  it("is told of a gap where we were not in its channel in time, and of none where a common message shows that we were", async () => {
    for (const isCommon of [false, true]) {
      const [old, next] = [new Inside(), new Inside()];
      const session = await old.session(false, "/lobby");
      const holding = next.parts.hold();
      holding.cut();
      await holding.prepare(["/lobby"]);
      if (isCommon) next.network.say("/lobby", 1);
      old.network.say("/lobby", 1);
      next.network.say("/lobby", 2);
      const adopted = await next.parts.adoption.adopt(old.snapshot(session), holding);
      expect(waiting(adopted)).toEqual(isCommon ? [1, 2] : [1, "gap", 2]);
    }
  });

  it("goes on with its patterns, and stays in their channels", async () => {
    const [old, next] = [new Inside(), new Inside()];
    for (const { network } of [old, next]) network.existing = ["/a/b", "/a/c"];
    const session = await old.session(false, "/a/*", "/x");
    const holding = next.parts.hold();
    await holding.prepare([...old.parts.subscriptions.heardBy(session)].map(({ name }) => name));
    holding.cut();
    const adopted = await next.parts.adoption.adopt(old.snapshot(session), holding);
    holding.release();
    next.network.say("/a/c", 1);
    next.network.say("/x", 2);
    next.network.say("/a/b", 3);
    expect(waiting(adopted)).toEqual([1, 2, 3]);
    await new Promise((resolve) => setImmediate(resolve));
    for (const name of ["/a/b", "/a/c", "/x"]) expect(next.parts.channels.get(name)?.isIdle).toBe(false);
  });

  it("is refused where it is already, where there is no room, and where its channel cannot be joined", async () => {
    const [old, next] = [new Inside(), new Inside()];
    const [one, other] = [await old.session(true, "/lobby"), await old.session(true, "/secret")];
    const holding = next.parts.hold();
    await next.parts.adoption.adopt(old.snapshot(one), holding);
    await expect(next.parts.adoption.adopt(old.snapshot(one), holding)).rejects.toThrow(/here already/);
    next.network.refusing.set("/secret", new NetworkError("refused", "not you"));
    await expect(next.parts.adoption.adopt(old.snapshot(other), holding)).rejects.toThrow(/not you/);
    expect(next.parts.sessions.size).toBe(1);
    next.network.refusing.clear();
    await next.parts.adoption.adopt(old.snapshot(other), holding);
    expect(next.parts.sessions.size).toBe(2);
  });
});
