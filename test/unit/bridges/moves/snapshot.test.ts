import { describe, expect, it } from "vitest";
import type { LogEntry } from "../../../../bridges/log/log.ts";
import { Allowance } from "../../../../bridges/session/allowance.ts";
import { conflate } from "../../../../bridges/session/relief.ts";
import { Session } from "../../../../bridges/session/session.ts";
import { parseSnapshot, restored, SnapshotError, snapshotOf } from "../../../../bridges/session/snapshot.ts";
import type { SavedEntry, SessionSnapshot } from "../../../../bridges/session/snapshot.ts";
import { pick, type Random, seeded } from "../../../support/seeded.ts";
import { NO_CONTEXT } from "../fakes.ts";

const ROOMY = { maxQueuedMessages: 1_000, maxQueuedBytes: 1_000_000 };
const FULL = { maxBytes: 1_000_000 };

function message(number: number, channel: string): LogEntry {
  const text = JSON.stringify({ channel, data: "ü\n\u2028", ext: { tailspin: { id: `i${number}` } } });
  return {
    seq: number,
    channel,
    id: `i${number}`,
    after: number % 2 === 0 ? null : "x",
    timeMs: number,
    bytes: Buffer.from(text),
  };
}

/** A session that has been through anything that a session may go through. */
function anySession(random: Random): Session {
  const isAck = random() < 0.5;
  const session = new Session({
    clientId: `00a${"b".repeat(26)}`,
    publicId: "0f".repeat(6),
    name: pick(random, [null, "ann", "Zoë"]),
    isAck,
    context: { ...NO_CONTEXT, via: pick(random, ["post", "upgrade"]), browser: pick(random, ["", "a0".repeat(16)]) },
    allowance: new Allowance(1, 1, 0),
  });
  for (const name of ["/a", "/b/*", "/presence/a"]) if (random() < 0.5) session.subscriptions.add(name);
  for (let turn = 0; turn < 30; turn++) {
    const dice = random();
    if (dice < 0.6) session.push(message(turn, pick(random, ["/a", "/b/c"])), ROOMY);
    else if (dice < 0.7) session.requeue(conflate(session.queue, () => true).entries);
    else if (dice < 0.85) {
      session.batch += 1;
      session.take(FULL.maxBytes, 3);
      session.hasConnected = true;
      session.lastConnectId = pick<string | number>(random, ["7", 8]);
    } else
      session.acknowledge(
        pick(random, [session.batch, session.batch - 1 < 0 ? 0 : session.batch - 1, session.restartToken]),
      );
  }
  return session;
}

/** Through JSON, into a session of another bridge. */
function moved(session: Session): Session {
  const snapshot = parseSnapshot(JSON.parse(JSON.stringify(snapshotOf(session, []))));
  let seq = 10_000;
  const entry = ({ text, channel, id, after, timeMs }: SavedEntry) => {
    return { seq: ++seq, channel, id, after, timeMs, bytes: Buffer.from(text) };
  };
  const { traits, state } = restored(snapshot, entry);
  const copy = new Session({ ...traits, allowance: new Allowance(1, 1, 0) });
  copy.resume(state);
  for (const name of snapshot.subscriptions) copy.subscriptions.add(name);
  return copy;
}

describe("a snapshot of a session", () => {
  it("is the same session again, whatever it has been through", () => {
    for (let seed = 0; seed < 200; seed++) {
      const session = anySession(seeded(seed));
      const copy = moved(session);
      expect(snapshotOf(copy, [])).toEqual(snapshotOf(session, []));
      expect(copy.room(ROOMY)).toEqual(session.room(ROOMY));
      expect(copy.restartToken).toBe(session.restartToken);
      // What is thinned later says the same as if it had stayed.
      const [mine, its] = [session, copy].map(({ queue }) => conflate(queue, () => true).entries);
      expect(its?.map(({ bytes }) => bytes.toString())).toEqual(mine?.map(({ bytes }) => bytes.toString()));
      for (const one of [session, copy]) one.acknowledge(one.batch - 1);
      expect(snapshotOf(copy, [])).toEqual(snapshotOf(session, []));
    }
  });

  const good: SessionSnapshot = snapshotOf(anySession(seeded("good")), [
    { channel: "/a", last: "1", recent: ["0", "1"] },
  ]);

  it("is read as it was written", () => {
    expect(parseSnapshot(JSON.parse(JSON.stringify(good)))).toEqual(good);
  });

  it.each([
    ["nothing", null, /no session/],
    ["another version", { ...good, version: 2 }, /version 2; this release reads 1/],
    ["no clientId", { ...good, clientId: "stolen" }, /clientId/],
    ["what is no channel", { ...good, subscriptions: ["a"] }, /channel or a pattern/],
    ["a key that is not known", { ...good, color: "red" }, /color/],
    ["a count that is none", { ...good, batch: -1 }, /batch/],
    [
      "no JSON in the queue",
      { ...good, queue: [{ channel: "/a", id: "", after: null, timeMs: 0, text: "hi" }] },
      /JSON/,
    ],
    [
      "more ids than may be",
      { ...good, positions: [{ channel: "/a", last: null, recent: Array(513).fill("i") }] },
      /513|512/,
    ],
    ["a context of its own", { ...good, context: { ...NO_CONTEXT, browser: "me" } }, /hexadecimal/],
  ])("of %s is refused, with the reason", (_, value, reason) => {
    expect(() => parseSnapshot(value)).toThrow(SnapshotError);
    expect(() => parseSnapshot(value)).toThrow(reason);
  });
});
