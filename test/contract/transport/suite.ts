import { afterAll, beforeAll, describe, expect, it, vi } from "vitest";
import { ackOf, Client, isDelivery } from "./client.ts";
import { longPolling } from "./long-polling.ts";
import { expectHeard, KIB, TransportStage, WAIT_MS } from "./stage.ts";
import type { TransportFixture } from "./wire.ts";

/** Runs what a transport must do in front of a real dispatcher, link and bridge. */
export function describeTransport(fixture: TransportFixture): void {
  describe(`the Transport contract over ${fixture.name}`, () => {
    const stage = new TransportStage(fixture);
    beforeAll(() => stage.start());
    afterAll(() => stage[Symbol.asyncDispose]());
    describeEvery(stage);
    if (fixture.holds) describeHolding(stage);
    if (fixture.pushes) describePushing(stage);
    if (fixture.acks) describeAcknowledging(stage);
  });
}

/** What every transport must do. */
function describeEvery(stage: TransportStage): void {
  it("begins a session that is connected this way", async () => {
    await using client = new Client();
    await client.use(stage.fixture, stage.stack.port());
    expect(await client.handshake()).toMatchObject({
      successful: true,
      version: "1.0",
      supportedConnectionTypes: expect.arrayContaining([stage.fixture.name]),
    });
    expect(await client.connect()).toMatchObject({ successful: true, clientId: client.clientId });
  });

  it("brings what others say and what itself says, in order", async () => {
    const { client, channel } = await stage.open();
    await using _ = client;
    const said = Array.from({ length: 200 }, (__, index) => index);
    for (const number of said) {
      stage.network.say(channel, number);
      if (number % 20 === 0) await new Promise(setImmediate);
    }
    expect(await client.publish(channel, "own")).toMatchObject({ successful: true });
    await expectHeard(client, [...said, "own"]);
  });

  it("brings any text as it is", async () => {
    const { client, channel } = await stage.open();
    await using _ = client;
    const texts = ["é ☃ 😀", "\u2028\u2029", "</script>\r\n\0", '"\\', "data: x\n\ndata: y", "a+b%20c&d=e"];
    for (const text of texts) expect(await client.publish(channel, { text })).toMatchObject({ successful: true });
    await expectHeard(
      client,
      texts.map((text) => ({ text })),
    );
  });

  it("brings large messages whole", async () => {
    const { client, channel } = await stage.open();
    await using _ = client;
    const large = Array.from({ length: 4 }, (__, index) => `${index}${"é".repeat(100 * KIB)}`);
    for (const data of large) stage.network.say(channel, data);
    await expectHeard(client, large);
  });

  it("answers a disconnect, and the session is over", async () => {
    const { client } = await stage.open();
    await using _ = client;
    expect(await client.disconnect()).toMatchObject({ successful: true });
    expect(await client.connect()).toMatchObject({ successful: false, error: "402::session_unknown" });
  });

  it("leaves nothing behind when its client is gone", async () => {
    const { client } = await stage.open();
    await vi.waitFor(() => expect(stage.stack.openConnections).toBeGreaterThan(0), WAIT_MS);
    client.cut();
    await vi.waitFor(() => expect(stage.stack.openConnections).toBe(0), WAIT_MS);
  });

  it("lets a session go to another transport and come back, through another dispatcher, without loss", async () => {
    const { client, channel } = await stage.open();
    await using _ = client;
    let said = 0;
    const speak = async (count: number) => {
      for (let turn = 0; turn < count; turn++) {
        stage.network.say(channel, said++);
        await new Promise(setImmediate);
      }
    };
    const heardAll = async () => {
      const all = Array.from({ length: said }, (__, index) => index);
      await vi.waitFor(() => expect(client.heard.toSorted((a, b) => Number(a) - Number(b))).toEqual(all), WAIT_MS);
    };
    await speak(20);
    await heardAll();
    for (const next of [longPolling, stage.fixture, longPolling]) {
      await client.use(next, stage.stack.port(next === stage.fixture ? 0 : 1));
      await Promise.all([client.listen(), speak(50)]);
      await speak(20);
      await heardAll();
    }
  });
}

/** Where connects are held. */
function describeHolding(stage: TransportStage): void {
  it("answers what is held when the session is over", async () => {
    const { client } = await stage.open();
    await using _ = client;
    const before = client.connectReplies.length;
    await client.disconnect();
    await vi.waitFor(() => expect(client.connectReplies).toHaveLength(before + 1), WAIT_MS);
    expect(client.connectReplies.at(-1)).toMatchObject({ successful: true, advice: { reconnect: "none" } });
  });

  it("answers a connect that a newer one takes the place of", async () => {
    const { client, channel } = await stage.open();
    await using _ = client;
    const older = client.connect();
    const newer = client.connect();
    expect(await older).toMatchObject({ successful: true });
    stage.network.say(channel, 1);
    await expectHeard(client, [1]);
    await client.disconnect();
    expect(await newer).toMatchObject({ successful: true });
  });
}

/** Where messages come without a connect's reply. */
function describePushing(stage: TransportStage): void {
  it("waits for a reader that does not read, and goes on where it was", async () => {
    const { client, channel } = await stage.open();
    await using _ = client;
    await using other = new Client();
    await other.use(longPolling, stage.stack.port(1));
    await other.handshake();
    await other.subscribe(channel);
    await other.listen();
    client.pause();
    // More than all buffers between us hold, and more than would be cut off if it were written anyway.
    const said = Array.from({ length: 120 }, (__, index) => `${index} ${"x".repeat(200 * KIB)}`);
    for (const [index, data] of said.entries()) {
      stage.network.say(channel, data);
      // One at a time: what is on its way before the bridge hears of the pause stays far below what is cut off.
      await vi.waitFor(() => expect(other.heard.length).toBeGreaterThan(index), { interval: 1, timeout: 10_000 });
    }
    await expectHeard(other, said);
    expect(client.heard.length).toBeLessThan(said.length);
    client.resume();
    await expectHeard(client, said);
  });
}

/** Where messages of ack sessions come. */
function describeAcknowledging(stage: TransportStage): void {
  it("brings messages of an ack session only with the connect replies that number them", async () => {
    const { client, channel } = await stage.open({ ack: true });
    await using _ = client;
    const said = Array.from({ length: 60 }, (__, index) => index);
    for (const number of said) {
      stage.network.say(channel, number);
      if (number % 7 === 0) await vi.waitFor(() => expect(client.heard.length).toBeGreaterThan(number / 2));
    }
    await expectHeard(client, said);
    for (const batch of client.batches.filter((one) => one.some(isDelivery))) {
      expect(batch.at(-1)).toMatchObject({ channel: "/meta/connect", successful: true });
      expect(ackOf(batch.at(-1))).toBeGreaterThan(0);
    }
  });
}
