import { beforeEach, describe, expect, it } from "vitest";
import { Outbox } from "../../../web/public/outbox.js";

describe("Outbox", () => {
  let outbox: Outbox;
  const say = (text: string, room = "lobby") => outbox.add({ room, from: "ann", text, isAction: false });
  beforeEach(() => {
    outbox = new Outbox();
  });

  it("gives up a message when its copy arrives, before or after the answer", () => {
    say("early").state = "sending";
    say("late").state = "sent";
    expect(outbox.takeCopy("lobby", "ann", "early")).toBe(true);
    expect(outbox.takeCopy("lobby", "ann", "late")).toBe(true);
    expect(outbox.ofRoom("lobby")).toEqual([]);
  });

  it("gives up one of two equal messages at a time", () => {
    for (const pending of [say("ok"), say("ok")]) pending.state = "sending";
    outbox.takeCopy("lobby", "ann", "ok");
    expect(outbox.ofRoom("lobby")).toHaveLength(1);
  });

  it("gives up a failed message whose copy arrives all the same", () => {
    say("slow").state = "failed";
    expect(outbox.takeCopy("lobby", "ann", "slow")).toBe(true);
  });

  it("does not take other people's words, other rooms, or what was not sent yet for its own", () => {
    say("ok").state = "sending";
    say("unsent");
    expect(outbox.takeCopy("lobby", "bob", "ok")).toBe(false);
    expect(outbox.takeCopy("kitchen", "ann", "ok")).toBe(false);
    expect(outbox.takeCopy("lobby", "ann", "unsent")).toBe(false);
    expect(outbox.ofRoom("lobby")).toHaveLength(2);
  });

  it("knows a text whose spaces the network has changed, and the accepted one that it changed altogether", () => {
    say("a  b\n").state = "sending";
    const changed = say("cut short");
    changed.state = "sent";
    expect(outbox.takeCopy("lobby", "ann", "a b")).toBe(true);
    expect(outbox.takeCopy("lobby", "ann", "cut")).toBe(true);
  });

  it("forgets accepted messages of a room that was left, and keeps the others", () => {
    say("accepted").state = "sent";
    const failed = say("failed");
    failed.state = "failed";
    outbox.leave("lobby");
    expect(outbox.ofRoom("lobby")).toEqual([failed]);
  });

  it("is full at fifty", () => {
    for (let count = 0; count < 50; count++) say("x");
    expect(outbox.isFull).toBe(true);
  });
});
