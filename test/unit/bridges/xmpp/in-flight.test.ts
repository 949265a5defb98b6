import { describe, expect, it } from "vitest";
import { NetworkError } from "../../../../bridges/network.ts";
import { InFlight } from "../../../../bridges/xmpp/in-flight.ts";
import { xmppSchema } from "../../../../bridges/xmpp/index.ts";

const message = (room = "r@muc", bytes = 10, deadlineMs = 1_000) => ({
  room,
  nick: "us",
  originId: "o",
  bytes,
  deadlineMs,
});

describe("InFlight", () => {
  it("settles by reflection and refusal, in the room that it was sent to", async () => {
    const inFlight = new InFlight(xmppSchema.parse({}));
    const [one, two] = [inFlight.add("1", message()), inFlight.add("2", message())];
    inFlight.onReflection("other@muc", "1");
    inFlight.onRefusal("other@muc", "2", { condition: "forbidden", words: "no" });
    expect(inFlight.has("1") && inFlight.has("2")).toBe(true);
    inFlight.onReflection("r@muc", "1");
    inFlight.onRefusal("r@muc", "2", { condition: "forbidden", words: "no voice" });
    await one;
    await expect(two).rejects.toMatchObject({ kind: "refused", message: "no voice" });
  });

  it("gives back what a room did not take because we were out of it", async () => {
    const inFlight = new InFlight(xmppSchema.parse({}));
    const sent = inFlight.add("1", message());
    inFlight.onRefusal("r@muc", "1", { condition: "not-acceptable", words: "Only occupants may speak" });
    await expect(sent).rejects.toMatchObject({ kind: "unavailable" });
  });

  it("is bounded in number and in bytes, and lets one large message through", async () => {
    const inFlight = new InFlight(xmppSchema.parse({ maxPending: 2, maxPendingBytes: 100 }));
    const large = inFlight.add("1", message("r@muc", 500));
    await expect(inFlight.add("2", message())).rejects.toMatchObject({ kind: "unavailable" });
    inFlight.onReflection("r@muc", "1");
    await large;
    const kept = [inFlight.add("3", message()), inFlight.add("4", message())];
    await expect(inFlight.add("5", message())).rejects.toMatchObject({ kind: "unavailable" });
    expect(inFlight.has("5")).toBe(false);
    inFlight.close();
    for (const one of kept) await expect(one).rejects.toMatchObject({ kind: "unknown" });
    inFlight.add("6", message("r@muc", 100)).catch(() => undefined);
    expect(inFlight.has("6")).toBe(true);
  });

  it("does not know what becomes of messages of a lost connection, until their time is over or an archive tells", async () => {
    const inFlight = new InFlight(xmppSchema.parse({}));
    const [one, two, three] = [
      inFlight.add("1", message()),
      inFlight.add("2", message("r@muc", 10, 2_000)),
      inFlight.add("3", message("other@muc", 10, 3_000)),
    ];
    inFlight.onDisconnected((room) => `last of ${room}`);
    inFlight.onReflection("r@muc", "2"); // An id of the new connection that happens to be the same.
    const [first, second] = inFlight.lostIn("r@muc");
    if (first === undefined || second === undefined) throw new Error("not lost");
    expect(first.afterId).toBe("last of r@muc");
    inFlight.settleLost(second, null);
    await two;
    inFlight.sweep(1_000);
    await expect(one).rejects.toMatchObject({ kind: "unknown" });
    inFlight.settleLost(first, null);
    for (const sent of inFlight.lostIn("other@muc")) inFlight.settleLost(sent, new NetworkError("unavailable", "x"));
    await expect(three).rejects.toMatchObject({ kind: "unavailable" });
  });

  it("tells that a message did not come back in time", async () => {
    const inFlight = new InFlight(xmppSchema.parse({}));
    const late = inFlight.add("1", message());
    const later = inFlight.add("2", message("r@muc", 10, 1_001));
    inFlight.sweep(1_000);
    await expect(late).rejects.toMatchObject({ kind: "unknown" });
    expect(inFlight.has("2")).toBe(true);
    inFlight.onReflection("r@muc", "2");
    await later;
  });
});
