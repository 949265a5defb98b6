import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { FakeDispatcher } from "./fakes.ts";
import { publish, Stage } from "./stage.ts";

const WINDOW_MS = 30_000;

describe("a publish that its browser sends again", () => {
  let stage: Stage;
  let clientId: string;
  beforeEach(async () => {
    stage = await Stage.start({ resendWindowMs: WINDOW_MS, maxUnheardPublishes: 2 });
    clientId = await stage.session(["/lobby", "/yard"]);
    stage.network.isObliging = false;
  });
  afterEach(async () => {
    await stage[Symbol.asyncDispose]();
  });

  const message = (id: unknown, data: unknown, channel = "/lobby") => ({ ...publish(clientId, channel, data), id });

  /** Publishes over a connection that breaks before the network has taken it. */
  async function publishUnheard(id: unknown, data: unknown, channel?: string): Promise<void> {
    stage.network.isObliging = false;
    const post = stage.dispatcher.post(message(id, data, channel));
    await stage.advance();
    stage.dispatcher.close(post);
    stage.network.publishes.at(-1)?.resolve();
    await stage.advance();
    expect(post.messages).toEqual([]);
    stage.network.isObliging = true;
  }

  it("is not published again, and gets the first one's answer", async () => {
    await publishUnheard("8", "hello");
    expect(await stage.ask(message("8", "hello"))).toEqual([{ id: "8", channel: "/lobby", successful: true }]);
    expect(stage.network.published).toEqual(["hello"]);
    expect(stage.faults.counts().get("bridge.resent")).toBe(1);
  });

  it("waits for the first one's answer while there is none", async () => {
    const first = stage.dispatcher.post(message("8", "hello"));
    const second = stage.dispatcher.post(message("8", "hello"));
    await stage.advance();
    expect([first.messages, second.messages]).toEqual([[], []]);
    stage.network.publishes[0]?.resolve();
    await stage.advance();
    const answer = [{ id: "8", channel: "/lobby", successful: true }];
    expect([first.messages, second.messages]).toEqual([answer, answer]);
    expect(stage.network.published).toEqual(["hello"]);
  });

  it("is known as long as no answer was heard, however often it comes", async () => {
    await publishUnheard("8", "hello");
    const again = stage.dispatcher.post(message("8", "hello"));
    stage.dispatcher.close(again);
    await stage.advance();
    expect(await stage.ask(message("8", "hello"))).toMatchObject([{ successful: true }]);
    expect(stage.network.published).toEqual(["hello"]);
  });

  it("is known when it was asked again, and only the older connection still seems to be open", async () => {
    const first = stage.dispatcher.post(message("8", "hello"));
    const second = stage.dispatcher.post(message("8", "hello"));
    await stage.advance();
    stage.dispatcher.close(second);
    stage.network.publishes[0]?.resolve();
    await stage.advance();
    expect(first.messages).toHaveLength(1);
    expect(await stage.ask(message("8", "hello"))).toMatchObject([{ successful: true }]);
    expect(stage.network.published).toEqual(["hello"]);
  });

  it("is known though its id was another message's before", async () => {
    for (const [id, data] of [
      ["8", "hello"],
      ["8", "bye"],
      ["9", "more"],
    ])
      await publishUnheard(id, data);
    await stage.ask(message("8", "bye"), message("9", "more"));
    expect(stage.network.published).toEqual(["hello", "bye", "more"]);
  });

  it("is known from the last time on that nobody heard", async () => {
    for (const id of ["1", "2"]) await publishUnheard(id, id);
    stage.dispatcher.close(stage.dispatcher.post(message("1", "1")));
    await stage.advance();
    await publishUnheard("3", "3");
    await stage.ask(message("1", "1"), message("3", "3"), message("2", "2"));
    expect(stage.network.published).toEqual(["1", "2", "3", "2"]);
  });

  it("is known over another dispatcher, when the first one has died", async () => {
    stage.dispatcher.post(message("8", "hello"));
    await stage.advance();
    stage.dispatcher.down();
    stage.network.publishes[0]?.resolve();
    await stage.advance();
    const other = new FakeDispatcher(stage.bridge, "other");
    const again = other.post(message("8", "hello"));
    await stage.advance();
    expect(again.messages).toMatchObject([{ id: "8", successful: true }]);
    expect(stage.network.published).toEqual(["hello"]);
    other.assertObeyed();
  });

  it("is known by each message of a batch whose answer nobody heard", async () => {
    const post = stage.dispatcher.post(message("8", "one"), message("9", "two"));
    await stage.advance();
    stage.network.publishes[0]?.resolve();
    await stage.advance();
    stage.dispatcher.close(post);
    stage.network.publishes[1]?.resolve();
    await stage.advance();
    expect(await stage.ask(message("8", "one"), message("9", "two"))).toMatchObject([{ id: "8" }, { id: "9" }]);
    expect(stage.network.published).toEqual(["one", "two"]);
  });

  describe("is another message, and published,", () => {
    beforeEach(() => {
      stage.network.isObliging = true;
    });

    it("when the first one's answer was heard: a page that was loaded again counts its ids anew", async () => {
      await stage.ask(message("8", "hello"));
      await stage.ask(message("8", "hello"));
      expect(stage.network.published).toEqual(["hello", "hello"]);
    });

    it.each([
      ["data", "8", "bye", "/lobby"],
      ["channel", "8", "hello", "/yard"],
      ["id", "9", "hello", "/lobby"],
      ["type of id", 8, "hello", "/lobby"],
    ])("with another %s", async (_what, id, data, channel) => {
      await publishUnheard("8", "hello");
      await stage.ask(message(id, data, channel));
      expect(stage.network.published).toEqual(["hello", data]);
    });

    it("of another session", async () => {
      await publishUnheard("8", "hello");
      clientId = await stage.session();
      await stage.ask(message("8", "hello"));
      expect(stage.network.published).toEqual(["hello", "hello"]);
    });

    it("without an id", async () => {
      await publishUnheard(undefined, "hello");
      await stage.ask(publish(clientId, "/lobby", "hello"));
      expect(stage.network.published).toEqual(["hello", "hello"]);
    });

    it("in the same batch", async () => {
      await stage.ask(message("8", "hello"), message("8", "hello"));
      expect(stage.network.published).toEqual(["hello", "hello"]);
    });

    it("after the window", async () => {
      await publishUnheard("8", "hello");
      await stage.advance(WINDOW_MS);
      await stage.ask(message("8", "hello"));
      expect(stage.network.published).toEqual(["hello", "hello"]);
    });

    it("when too many others came after it", async () => {
      for (const id of ["1", "2", "3"]) await publishUnheard(id, id);
      for (const id of ["1", "2", "3"]) await stage.ask(message(id, id));
      expect(stage.network.published).toEqual(["1", "2", "3", "1"]);
    });
  });
});
