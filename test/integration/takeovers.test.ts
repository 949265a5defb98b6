import { afterEach, beforeEach, describe, expect, it, vi } from "vitest";
import { ackIn, connectOf, dataIn, Heirs } from "../support/heirs.ts";
import { SocketClient } from "../support/socket-client.ts";

const LOBBY = "/lobby";
const UNKNOWN = { successful: false, error: expect.stringMatching(/^402:/) as string };

describe("a bridge that takes over from one that has died", () => {
  let heirs: Heirs;

  const hear = (who: "first" | "second", channel: string, ...numbers: number[]) => {
    for (const data of numbers)
      heirs[who].network.inbox?.message({ channel, data, from: "ann", timeMs: Date.now(), id: `m${data}` });
  };
  /** Both hear it. */
  const say = (channel: string, ...numbers: number[]) => {
    hear("first", channel, ...numbers);
    hear("second", channel, ...numbers);
  };
  /** A connect that is answered when something waits. */
  const poll = (at: number, clientId: string, ack = 0) => heirs.ask(at, connectOf(clientId, ack));
  /** One that is answered at once. */
  const look = (at: number, clientId: string, ack = 0) => {
    return heirs.ask(at, connectOf(clientId, ack, { advice: { timeout: 0 } }));
  };

  beforeEach(async () => {
    // The second one is where it has sessions, and nowhere else.
    heirs = await Heirs.start({ keeper: false });
  });
  afterEach(async () => {
    await heirs[Symbol.asyncDispose]();
  });

  it("sends an ack session again what it has not confirmed, and then what came since", async () => {
    await heirs.session(2, [LOBBY]);
    const [sure, unsure] = [await heirs.session(1, [LOBBY], true), await heirs.session(1, [LOBBY], true)];
    say(LOBBY, 1, 2);
    for (const clientId of [sure, unsure]) {
      const batch = await poll(0, clientId, 1);
      expect([dataIn(batch), ackIn(batch)]).toEqual([[1, 2], 2]);
    }
    say(LOBBY, 3, 4);
    for (const clientId of [sure, unsure]) {
      const batch = await poll(1, clientId, 2);
      expect([dataIn(batch), ackIn(batch)]).toEqual([[3, 4], 3]);
    }
    hear("second", LOBBY, 5);
    await heirs.die();
    hear("second", LOBBY, 6);
    const ofSure = await look(0, sure, 3);
    expect([dataIn(ofSure), ackIn(ofSure)]).toEqual([[5, 6], 4]);
    const ofUnsure = await look(1, unsure, 2);
    expect([dataIn(ofUnsure), ackIn(ofUnsure)]).toEqual([[3, 4, 5, 6], 4]);
  });

  it("goes on with polls where no dispatcher has written more, whichever has written it", async () => {
    await heirs.session(2, [LOBBY]);
    const clientId = await heirs.session(1, [LOBBY]);
    for (const number of [1, 2, 3, 4, 5]) {
      say(LOBBY, number);
      expect(dataIn(await poll(number % 2, clientId))).toEqual([number]);
    }
    await heirs.die();
    hear("second", LOBBY, 6);
    expect(dataIn(await look(0, clientId))).toEqual([6]);
  });

  it("answers the held poll, keeps the socket, and goes on after what was written to it", async () => {
    await heirs.session(2, [LOBBY]);
    const [onSocket, onPoll] = [await heirs.session(1, [LOBBY]), await heirs.session(1, [LOBBY], true)];
    await using client = await SocketClient.open(heirs.dispatchers[0]?.port ?? 0);
    const connect = { channel: "/meta/connect", clientId: onSocket, connectionType: "websocket" };
    client.send({ ...connect, id: "1" });
    await vi.waitFor(() => expect(heirs.first.bridge.census.connections).toBe(1));
    say(LOBBY, 1, 2);
    await vi.waitFor(() => expect(dataIn(client.messages)).toEqual([1, 2]));
    expect(dataIn(await poll(1, onPoll, 1))).toEqual([1, 2]);
    const held = poll(1, onPoll, 2);
    await vi.waitFor(() => expect(heirs.first.bridge.census.connections).toBe(2));
    await heirs.die(false);
    hear("second", LOBBY, 3);
    await vi.waitFor(() => expect(client.messages.at(-1)).toMatchObject({ id: "1", successful: true }));
    const resumed = await held;
    expect([resumed.length, resumed[0]?.["successful"], ackIn(resumed)]).toEqual([1, true, undefined]);
    client.send({ ...connect, id: "2" });
    const next = poll(1, onPoll, 2);
    heirs.inherit();
    await vi.waitFor(() => expect(dataIn(client.messages)).toEqual([1, 2, 3]));
    const batch = await next;
    expect([dataIn(batch), ackIn(batch)]).toEqual([[3], 3]);
    hear("second", LOBBY, 4);
    await vi.waitFor(() => expect(dataIn(client.messages)).toEqual([1, 2, 3, 4]));
    expect(client.closed).toBeNull();
  });

  it("leaves out what the dead one had brought already, however late it comes here", async () => {
    await heirs.session(2, [LOBBY]);
    const clientId = await heirs.session(1, [LOBBY]);
    say(LOBBY, 1);
    hear("first", LOBBY, 2, 3);
    expect(dataIn(await poll(0, clientId))).toEqual([1, 2, 3]);
    await heirs.die();
    expect(dataIn(await look(0, clientId))).toEqual([]);
    hear("second", LOBBY, 2, 3, 4);
    expect(dataIn(await look(0, clientId))).toEqual([4]);
  });

  it("asks the network for what was said before it was in the channel", async () => {
    const clientId = await heirs.session(1, [LOBBY], true);
    hear("first", LOBBY, 1, 2);
    expect(dataIn(await poll(0, clientId, 1))).toEqual([1, 2]);
    const kept = [1, 2, 3, 4].map((data) => ({ id: `m${data}`, data, timeMs: Date.now() }));
    heirs.second.network.archive.keep(LOBBY, ...kept);
    await heirs.die();
    const missed = await look(0, clientId, 2);
    expect([dataIn(missed), ackIn(missed)]).toEqual([[3, 4], 3]);
    hear("second", LOBBY, 5);
    expect(dataIn(await look(0, clientId, 3))).toEqual([5]);
  });

  it("says that messages may be missing where the network has kept nothing, and in no other channel", async () => {
    await heirs.session(2, ["/known"]);
    const clientId = await heirs.session(1, [LOBBY, "/known"]);
    hear("first", LOBBY, 1);
    say("/known", 10);
    expect(dataIn(await poll(0, clientId))).toEqual([1, 10]);
    await heirs.die();
    const told = await look(0, clientId);
    expect(dataIn(told)).toEqual(["gap"]);
    expect(told[0]).toMatchObject({ channel: LOBBY, data: { gap: { after: "m1" } } });
    hear("second", LOBBY, 3);
    hear("second", "/known", 11);
    expect(dataIn(await look(0, clientId))).toEqual([3, 11]);
  });

  it("goes on with wildcards", async () => {
    for (const { network } of [heirs.first, heirs.second]) network.existing = ["/a/one", "/a/two"];
    await heirs.session(2, ["/a/*"]);
    const clientId = await heirs.session(1, ["/a/*"], true);
    say("/a/one", 1);
    say("/a/two", 2);
    expect(dataIn(await poll(0, clientId, 1))).toEqual([1, 2]);
    await heirs.die();
    hear("second", "/a/two", 3);
    hear("second", "/a/one", 4);
    expect(dataIn(await look(0, clientId, 2)).filter((data) => data !== "gap")).toEqual([3, 4]);
  });

  it("tells a session to begin anew where its ticket has gone with its dispatcher", async () => {
    await heirs.session(2, [LOBBY]);
    const [lost, kept] = [await heirs.session(1, [LOBBY]), await heirs.session(1, [LOBBY])];
    await look(1, kept);
    await heirs.dispatchers[0]?.[Symbol.asyncDispose]();
    await heirs.die();
    expect(await look(1, lost)).toMatchObject([UNKNOWN]);
    expect(await look(1, kept)).toMatchObject([{ successful: true }]);
  });

  it("tells a session to begin anew that knows more than the ticket", async () => {
    const clientId = await heirs.session(1, [LOBBY], true);
    await look(1, clientId, 1);
    // What only this dispatcher knows goes with it.
    const last = await look(0, clientId, 2);
    expect(ackIn(last)).toBe(3);
    await heirs.dispatchers[0]?.[Symbol.asyncDispose]();
    await heirs.die();
    expect(await look(1, clientId, 3)).toMatchObject([UNKNOWN]);
    expect(await look(1, clientId, 2)).toMatchObject([UNKNOWN]);
  });

  it("gives a bridge that is started again its own sessions back", async () => {
    const clientId = await heirs.session(1, [LOBBY], true);
    hear("first", LOBBY, 1);
    expect(dataIn(await poll(0, clientId, 1))).toEqual([1]);
    const { network } = await heirs.rise();
    const told = await poll(1, clientId, 2);
    expect([dataIn(told), ackIn(told)]).toEqual([["gap"], 3]);
    network.inbox?.message({ channel: LOBBY, data: 2, from: "ann", timeMs: Date.now(), id: "m2" });
    expect(dataIn(await poll(0, clientId, 3))).toEqual([2]);
  });

  it("forgets nothing of a session when it dies itself", async () => {
    await heirs.session(2, [LOBBY]);
    const clientId = await heirs.session(1, [LOBBY], true);
    say(LOBBY, 1);
    expect(dataIn(await poll(0, clientId, 1))).toEqual([1]);
    await heirs.die();
    hear("second", LOBBY, 2);
    expect(dataIn(await look(0, clientId, 2))).toEqual([2]);
    const { tickets } = heirs.dispatchers[0]?.bridges ?? {};
    const [ticket] = tickets?.of(new Set([1, 2])).tickets ?? [];
    expect(ticket).toMatchObject({ clientId, instance: "instance 2", batch: 3 });
  });
});
