// oxlint-disable-next-line typescript/triple-slash-reference -- the package has no types, and ours cannot be imported
/// <reference path="../../../../bridges/xmpp/xmpp.d.ts" />
import { xml } from "@xmpp/client";
import { describe, expect, it } from "vitest";
import { RequestError } from "../../../../bridges/xmpp/requests.ts";
import { NS } from "../../../../bridges/xmpp/stanzas.ts";
import { LOBBY, Play } from "./rooms-play.ts";

describe("Rooms", () => {
  it("joins without history, with the list of who is there, and tells changes after it", async () => {
    const play = await Play.connected();
    const join = play.rooms.join("/lobby");
    expect(play.sent[0]?.getChild("x", NS.muc)?.getChild("history")?.attrs["maxstanzas"]).toBe("0");
    play.show("ann");
    play.show("tailspin2");
    expect(play.rooms.members("/lobby")).toEqual([]);
    play.show("tailspin1", ["110"]);
    await join;
    const ann = { id: `xmpp:${LOBBY}/ann`, name: "ann" };
    expect(play.rooms.members("/lobby")).toEqual([ann]);
    play.show("bob");
    play.show("bob"); // A change of status is no coming.
    play.show("bob", ["303"], "unavailable", { nick: "Bob" });
    play.show("Bob");
    play.show("ann", ["307"], "unavailable");
    play.show("tailspin2", [], "unavailable");
    play.show("tailspin2");
    const bob = { id: `xmpp:${LOBBY}/Bob`, name: "Bob" };
    expect(play.told).toEqual([
      "joined /lobby anew",
      JSON.stringify({ type: "joined", member: { id: `xmpp:${LOBBY}/bob`, name: "bob" } }),
      JSON.stringify({ type: "renamed", member: bob, formerId: `xmpp:${LOBBY}/bob`, formerName: "bob" }),
      JSON.stringify({ type: "left", member: ann }),
      "peer left tailspin2",
      "peer joined tailspin2",
    ]);
    expect(play.rooms.members("/lobby")).toEqual([bob]);
  });

  it("takes another nick when one is taken, and gives up after the last", async () => {
    const play = await Play.connected();
    const join = play.rooms.join("/lobby");
    play.refuse("conflict");
    expect(play.log).toEqual([`join ${LOBBY}/tailspin1`, `join ${LOBBY}/tailspin1_`]);
    play.refuse("conflict", "taken");
    await expect(join).rejects.toMatchObject({ kind: "refused", message: "taken (conflict)" });
    expect(play.rooms.get("/lobby")).toBeUndefined();
  });

  it("takes the nick that the room gives it", async () => {
    const play = await Play.connected();
    const join = play.rooms.join("/lobby");
    play.show("changed", ["110", "210"]);
    await join;
    expect(play.rooms.get("/lobby")?.nick).toBe("changed");
    expect(play.rooms.members("/lobby")).toEqual([]);
  });

  it("does one thing after the other when it joins, leaves and joins at once", async () => {
    const play = await Play.connected();
    const first = play.rooms.join("/lobby");
    play.rooms.leave("/lobby");
    await expect(first).rejects.toMatchObject({ kind: "unavailable" });
    const second = play.rooms.join("/lobby");
    expect(play.log).toEqual([`join ${LOBBY}/tailspin1`]);
    play.show("tailspin1", ["110"]);
    await second;
    play.rooms.leave("/lobby");
    const third = play.rooms.join("/lobby");
    expect(play.rooms.get("/lobby")?.isJoined).toBe(false);
    play.show("tailspin1", ["110"], "unavailable");
    play.show("tailspin1", ["110"]);
    await third;
    expect(play.log).toEqual([`join ${LOBBY}/tailspin1`, `unavailable ${LOBBY}/tailspin1`, `join ${LOBBY}/tailspin1`]);
    expect(play.told).toEqual(["joined /lobby anew", "joined /lobby anew"]);
  });

  it("leaves after a join that nobody wants any more", async () => {
    const play = await Play.connected();
    play.rooms.join("/lobby").catch(() => undefined);
    play.rooms.leave("/lobby");
    play.show("tailspin1", ["110"]);
    play.show("tailspin1", ["110"], "unavailable");
    expect(play.log).toEqual([`join ${LOBBY}/tailspin1`, `unavailable ${LOBBY}/tailspin1`]);
    expect([...play.rooms]).toEqual([]);
    expect(play.told).toEqual([]);
  });

  it("configures a room that it has created, before it is in", async () => {
    const play = await Play.connected();
    const fields = ["muc#roomconfig_persistentroom", "mam"].map((name) => xml("field", { var: name }));
    const form = xml("iq", null, xml("query", { xmlns: NS.mucOwner }, xml("x", { xmlns: NS.form }, ...fields)));
    play.answer = () => Promise.resolve(form);
    const join = play.rooms.join("/lobby");
    play.show("tailspin1", ["110", "201"]);
    expect(play.rooms.get("/lobby")?.isJoined).toBe(false);
    await join;
    expect(play.asked[1]?.toString()).toContain(`<field var="muc#roomconfig_persistentroom"><value>1</value></field>`);
    expect(play.asked[1]?.toString()).toContain(`<field var="mam"><value>1</value></field>`);
    expect(play.asked[1]?.toString()).not.toContain("roomname");
  });

  it("is in a room that it could not configure", async () => {
    const play = await Play.connected();
    play.answer = () => Promise.reject(new RequestError("forbidden", "no"));
    const join = play.rooms.join("/lobby");
    play.show("tailspin1", ["110", "201"]);
    await join;
    expect(play.told).toEqual(["set-up failed", "joined /lobby anew"]);
  });

  it("comes back at once when it is thrown out, and says why it was away, and who left meanwhile", async () => {
    const play = await Play.connected();
    const join = play.rooms.join("/lobby");
    play.show("tailspin2");
    play.show("tailspin3");
    play.show("tailspin1", ["110"]);
    await join;
    play.show("tailspin1", ["110", "307"], "unavailable");
    expect(play.rooms.get("/lobby")?.isJoined).toBe(false);
    play.show("tailspin3");
    play.show("tailspin1", ["110"]);
    expect(play.told.slice(1)).toEqual(["peer left tailspin2", "joined /lobby kicked"]);
  });

  it("tries again, at an interval, to enter where it may not come back", async () => {
    const play = await Play.connected();
    await play.joined();
    play.show("tailspin1", ["110", "301"], "unavailable");
    play.refuse("forbidden", "You are banned");
    expect(play.told.at(-1)).toBe("lost /lobby banned; cannot join again: You are banned (forbidden)");
    play.nowMs = 4_999;
    play.rooms.sweep(play.nowMs);
    expect(play.sent).toHaveLength(2);
    play.nowMs = 5_000;
    play.rooms.sweep(play.nowMs);
    play.show("tailspin1", ["110"]);
    expect(play.told.at(-1)).toBe("joined /lobby banned");
  });

  it("asks once more at once, and then at an interval, when a join that brings it back is not answered", async () => {
    const play = await Play.connected();
    await play.joined();
    play.show("tailspin1", ["110", "307"], "unavailable");
    const joins = (): number => play.log.filter((line) => line.startsWith("join ")).length;
    expect(joins()).toBe(2);
    for (const [nowMs, count] of [
      [999, 2],
      [1_000, 3], // At once.
      [2_000, 3], // It says goodbye, for the server may have let it in by now.
      [3_000, 3],
      [7_999, 3],
      [8_000, 4],
    ] as const) {
      play.nowMs = nowMs;
      play.rooms.sweep(nowMs);
      expect(joins(), `at ${nowMs} ms`).toBe(count);
    }
    play.show("tailspin1", ["110"]);
    expect(play.told.at(-1)).toBe("joined /lobby kicked");
  });

  it("gives up a join that is not answered, and does not take a late answer for one", async () => {
    const play = await Play.connected();
    const join = play.rooms.join("/lobby");
    play.nowMs = 1_000;
    play.rooms.sweep(play.nowMs);
    await expect(join).rejects.toMatchObject({ kind: "unavailable" });
    play.show("tailspin1", ["110"]);
    expect(play.told).toEqual([]);
    play.nowMs = 2_000;
    play.rooms.sweep(play.nowMs);
    expect([...play.rooms]).toEqual([]);
    await play.joined();
  });

  it("ignores the error of an older join", async () => {
    const play = await Play.connected();
    const join = play.rooms.join("/lobby");
    play.refuse("forbidden", "old", "other");
    play.show("tailspin1", ["110"]);
    await expect(join).resolves.toBeUndefined();
  });

  it("joins again after an outage what it was in, and forgets what it was only joining or leaving", async () => {
    const play = await Play.connected();
    await play.joined();
    const half = play.rooms.join("/half");
    play.rooms.onDisconnected("gone");
    await expect(half).rejects.toMatchObject({ kind: "unavailable", message: "gone" });
    await expect(play.rooms.join("/new")).rejects.toMatchObject({ kind: "unavailable" });
    expect(play.rooms.members("/lobby")).toEqual([]);
    const back = play.rooms.onConnected();
    play.show("tailspin1", ["110"]);
    await back;
    expect(play.log.slice(2)).toEqual([`join ${LOBBY}/tailspin1`]);
    expect(play.told.at(-1)).toBe("joined /lobby gone");
  });

  it("is not in by the late answer to the join of a stream that has died", async () => {
    const play = await Play.connected();
    await play.joined();
    play.rooms.onDisconnected("gone");
    const dead = play.rooms.onConnected();
    play.rooms.onDisconnected("gone again");
    await dead;
    const back = play.rooms.onConnected();
    play.answered = 1;
    play.show("tailspin1", ["110"]);
    expect(play.rooms.get("/lobby")?.isJoined).toBe(false);
    play.show("tailspin1", ["110"], "unavailable");
    play.answered = 2;
    play.show("tailspin1", ["110"]);
    await back;
    expect(play.sent).toHaveLength(3);
    expect(play.told).toEqual(["joined /lobby anew", "joined /lobby gone"]);
  });

  it("comes back where the room has forgotten it", async () => {
    const play = await Play.connected();
    await play.joined();
    const room = play.rooms.get("/lobby");
    if (room === undefined) throw new Error("not joined");
    play.rooms.onForgotten(room, "forgotten");
    play.show("tailspin1", ["110"]);
    expect(play.told.at(-1)).toBe("joined /lobby forgotten");
  });

  it("says goodbye to every room, and takes the room's own presence for nobody's", async () => {
    const play = await Play.connected();
    await play.joined();
    play.show("");
    play.rooms.onPresence(xml("presence", { from: LOBBY }));
    expect(play.rooms.members("/lobby")).toEqual([]);
    play.rooms.close();
    expect(play.log.at(-1)).toBe(`unavailable ${LOBBY}/tailspin1`);
  });

  it("says who threw it out, and why", async () => {
    const play = await Play.connected();
    await play.joined();
    const item = xml("item", null, xml("actor", { nick: "op" }), xml("reason", null, "spam"));
    const x = xml("x", { xmlns: NS.mucUser }, item, xml("status", { code: "307" }), xml("status", { code: "110" }));
    play.rooms.onPresence(xml("presence", { from: `${LOBBY}/tailspin1`, type: "unavailable" }, x));
    play.show("tailspin1", ["110"]);
    expect(play.told.at(-1)).toBe("joined /lobby kicked by op: spam");
  });
});
