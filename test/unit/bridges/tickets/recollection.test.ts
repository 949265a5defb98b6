import { describe, expect, it } from "vitest";
import { Recollection } from "../../../../bridges/tickets/recollection.ts";
import { parseTicket, type SessionTicket, ticketText } from "../../../../bridges/tickets/ticket.ts";
import { Session } from "../../../../bridges/session/session.ts";
import { Allowance } from "../../../../bridges/session/allowance.ts";
import type { SurrenderedTicket } from "../../../../link/index.ts";
import { NO_CONTEXT } from "../fakes.ts";

const CLIENT = `001${"a".repeat(26)}`;
const ticket = (fields: Partial<SurrenderedTicket> = {}): SurrenderedTicket => {
  return { clientId: CLIENT, version: 1, instance: "old", batch: 0, before: 0, after: 0, ticket: "", ...fields };
};
const channel = (name: string, seqs: number[], isCut = false) => {
  return { instance: "old", channel: name, seqs, ids: seqs.map((seq) => `m${seq}`), isCut };
};
const session = (fields: Partial<SessionTicket> = {}): SessionTicket => ({
  ...{ publicId: "aa", name: null, isAck: true, context: NO_CONTEXT, hasConnected: true },
  ...{ subscriptions: ["/a"], starts: new Map([["/a", { last: "m0", seq: 0, timeMs: 7 }]]) },
  ...fields,
});

describe("a ticket", () => {
  it("is read as it was written", () => {
    const traits = { clientId: CLIENT, publicId: "ab12", name: "ann", isAck: true, context: NO_CONTEXT };
    const one = new Session({ ...traits, allowance: new Allowance(1, 1, 0) });
    one.subscriptions.add("/a").add("/b/*");
    const starts = new Map([
      ["/a", { last: "m1", seq: 5, timeMs: 1 }],
      ["/b/*", { last: null, seq: 0, timeMs: 2 }],
    ]);
    const { clientId: _, ...rest } = traits;
    expect(parseTicket(ticketText(one, starts))).toEqual({
      ...rest,
      hasConnected: false,
      subscriptions: ["/a", "/b/*"],
      starts,
    });
  });

  it.each(["", "{", "null", "{}", '{"version":2}', '{"version":1,"publicId":"zz"}'])("is not %j", (text) => {
    expect(parseTicket(text)).toBeNull();
  });
});

describe("what dispatchers recollect together", () => {
  it("is the newest ticket of a session, as far as it has come by any of them", () => {
    const all = new Recollection();
    all.add({ tickets: [ticket({ version: 2, batch: 3, before: 10, after: 20, ticket: "new" })], channels: [] });
    all.add({ tickets: [ticket({ version: 1, batch: 4, before: 20, after: 30, ticket: "old" })], channels: [] });
    expect([...all.tickets]).toEqual([ticket({ version: 2, batch: 4, before: 20, after: 30, ticket: "new" })]);
    // Its numbers are another bridge's.
    all.add({ tickets: [ticket({ version: 1, instance: "older", batch: 9, after: 99 })], channels: [] });
    expect([...all.tickets]).toMatchObject([{ instance: "old", batch: 4, after: 30 }]);
  });

  it("says what a session has, what of it is not confirmed, and in which order it was said", () => {
    const all = new Recollection();
    all.add({ tickets: [], channels: [channel("/a", [1, 4, 6])] });
    all.add({ tickets: [], channels: [channel("/a", [2, 4, 5])] });
    const [where] = all.whereabouts(session(), { instance: "old", batch: 2, before: 2, after: 5 });
    expect(where).toEqual({
      position: { channel: "/a", last: "m2", recent: ["m1", "m2"] },
      sent: { channel: "/a", last: "m5", recent: ["m1", "m2", "m4", "m5"] },
      unconfirmed: ["m4", "m5"],
      sinceMs: 7,
      isKnown: true,
    });
    const [other] = all.whereabouts(session({ isAck: false }), { instance: "old", batch: 0, before: 0, after: 5 });
    expect(other).toMatchObject({ position: { last: "m5" }, unconfirmed: [] });
  });

  it("goes by the session's own start where nothing was told since, or where that is newer", () => {
    const all = new Recollection();
    const at = { instance: "old", batch: 1, before: 8, after: 9 };
    expect(all.whereabouts(session(), at)).toMatchObject([{ position: { last: "m0", recent: [] }, isKnown: true }]);
    all.add({ tickets: [], channels: [channel("/a", [3])] });
    expect(all.whereabouts(session(), at)).toMatchObject([{ position: { last: "m3" } }]);
    const starts = new Map([["/a", { last: "told to another", seq: 6, timeMs: 7 }]]);
    expect(all.whereabouts(session({ starts }), at)).toMatchObject([{ position: { last: "told to another" } }]);
  });

  it("knows that it does not know, where what a session has was forgotten", () => {
    const all = new Recollection();
    all.add({ tickets: [], channels: [channel("/a", [5, 6, 7], true)] });
    const isKnown = (before: number) =>
      all.whereabouts(session(), { instance: "old", batch: 1, before, after: 9 }).map((one) => one.isKnown);
    expect([isKnown(4), isKnown(5)]).toEqual([[false], [true]]);
  });

  it("has the channels that patterns bring", () => {
    const all = new Recollection();
    all.add({ tickets: [], channels: [channel("/b/x", [1]), channel("/c", [2])] });
    const starts = new Map([["/b/y", { last: "m0", seq: 0, timeMs: 7 }]]);
    const one = session({ subscriptions: ["/b/*"], starts });
    const where = all.whereabouts(one, { instance: "old", batch: 1, before: 9, after: 9 });
    expect(where.map(({ position }) => [position.channel, position.last])).toEqual([
      ["/b/x", "m1"],
      ["/b/y", "m0"],
    ]);
  });
});
