import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { readReached, readSaid, readTickets, type NoteFrame, type TicketNote } from "../../../../link/index.ts";
import { FakeCluster, nodeAt } from "../../../support/fake-cluster.ts";
import { connect, disconnect, Stage, subscribe, unsubscribe } from "../stage.ts";

const ROUTES = 4;

describe("what a bridge tells dispatchers of its sessions", () => {
  let stage: Stage;
  let notes: NoteFrame[];

  beforeEach(async () => {
    const cluster = new FakeCluster();
    stage = await Stage.start({}, undefined, { routes: ROUTES, cluster });
    await stage.advance();
    cluster.tell(ROUTES, [1], [nodeAt(1, "a:1", { instance: "instance" })]);
    notes = [];
    stage.dispatcher.onNote = (note) => notes.push(note);
  });
  afterEach(async () => {
    await stage[Symbol.asyncDispose]();
  });

  const of = (type: NoteFrame["type"]) => notes.filter((note) => note.type === type).map(({ payload }) => payload);
  const kept = (): TicketNote[] => of("tickets").flatMap((payload) => readTickets(payload)?.kept ?? []);
  const ended = () => of("tickets").flatMap((payload) => readTickets(payload)?.ended ?? []);
  const said = () => of("said").flatMap((payload) => readSaid(payload) ?? []);
  const namesIn = ({ ticket }: TicketNote): unknown => JSON.parse(ticket).subscriptions;

  it("is a ticket when the session is served there, another when it has changed, and its end", async () => {
    const clientId = await stage.session(["/a"]);
    expect(kept().map(namesIn)).toEqual([["/a"]]);
    stage.dispatcher.post(connect(clientId, { id: "2" }));
    await stage.ask(subscribe(clientId, "/b"));
    await stage.ask(unsubscribe(clientId, "/a"));
    expect(kept().map(namesIn)).toEqual([["/a"], ["/a", "/b"], ["/b"]]);
    const versions = kept().map(({ version }) => version);
    expect(versions).toEqual(versions.toSorted((one, other) => one - other));
    expect(new Set(versions).size).toBe(3);
    await stage.ask(disconnect(clientId));
    expect(ended()).toEqual([clientId]);
  });

  it("is one frame for all that change together, and nothing for what does not change", async () => {
    const clientIds: string[] = [];
    for (let count = 0; count < 50; count++) clientIds.push(await stage.handshake());
    notes.length = 0;
    for (const clientId of clientIds) stage.dispatcher.post(connect(clientId, { id: "1" }));
    await stage.advance();
    expect([of("tickets").length, kept().length]).toEqual([1, 50]);
    for (const clientId of clientIds) stage.dispatcher.post(connect(clientId, { id: "2" }));
    await stage.advance();
    expect(of("tickets")).toHaveLength(1);
  });

  it("is each message once, before the first frame that brings it", async () => {
    const [one, two] = [await stage.session(["/a"]), await stage.session(["/a"])];
    const socket = stage.dispatcher.over(null, connect(one, { connectionType: "websocket" }));
    stage.dispatcher.post(connect(two, { id: "2" }));
    const order: string[] = [];
    stage.dispatcher.link.onSend = ((before) => (frame) => {
      order.push(frame.type);
      before(frame);
    })(stage.dispatcher.link.onSend);
    stage.network.say("/a", "hello", "m1");
    await stage.advance();
    expect(said().map(({ channel, id }) => [channel, id])).toEqual([["/a", "m1"]]);
    expect(order).toEqual(["said", "deliver", "reached", "release"]);
    expect(socket.take().at(-1)).toMatchObject({ data: "hello" });
  });

  it("is how far an ack session is with and without the batch that comes next", async () => {
    const clientId = await stage.session(["/a"], { ack: true });
    const poll = (ack: number) => stage.dispatcher.post(connect(clientId, { id: String(ack + 1), ext: { ack } }));
    poll(1);
    stage.network.say("/a", 1, "m1");
    await stage.advance();
    poll(1);
    stage.network.say("/a", 2, "m2");
    await stage.advance();
    const [, first, again] = of("reached").flatMap((payload) => readReached(payload) ?? []);
    const [m1] = said();
    expect(first).toMatchObject({ batch: 2, before: (m1?.seq ?? 0) - 1, after: m1?.seq });
    // What was not confirmed is in the next batch again.
    expect(again).toMatchObject({ batch: 3, before: first?.before });
  });

  it("is all said again to whoever is left when a dispatcher has gone", async () => {
    const clientId = await stage.session(["/a"]);
    stage.network.say("/a", "hello", "m1");
    await stage.ask(connect(clientId, { id: "2" }));
    const other = stage.secondDispatcher();
    other.down();
    notes.length = 0;
    stage.dispatcher.post(connect(clientId, { id: "3" }));
    await stage.advance();
    const [ticket] = kept();
    expect(JSON.parse(ticket?.ticket ?? "{}").starts).toMatchObject([
      ["/a", "m1", said()[0]?.seq ?? 1, expect.any(Number)],
    ]);
  });

  it("is nothing where there is no HaloD", async () => {
    await stage[Symbol.asyncDispose]();
    stage = await Stage.start();
    stage.dispatcher.onNote = (note) => notes.push(note);
    notes.length = 0;
    const clientId = await stage.session(["/a"]);
    stage.network.say("/a", "hello", "m1");
    await stage.ask(connect(clientId, { id: "2" }));
    expect(notes).toEqual([]);
  });
});
