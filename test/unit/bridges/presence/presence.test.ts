import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { connect, dataOf, disconnect, Stage, subscribe, unsubscribe } from "../stage.ts";
import type { Downstream } from "../fakes.ts";

const BOB = { id: "fake:bob", name: "bob" };
const WHERE = { network: "fake", name: "/lobby" };

describe("Presence", () => {
  let stage: Stage;
  let socket: Downstream;
  let watcher: string;
  beforeEach(async () => {
    stage = await Stage.start();
    stage.network.people.set("/lobby", [BOB]);
    watcher = await stage.handshake({ tailspin: { name: "wanda" } });
    socket = stage.dispatcher.over(null, connect(watcher));
    socket.take();
  });
  afterEach(async () => {
    await stage[Symbol.asyncDispose]();
  });

  const web = (name: string) => ({ id: expect.stringMatching(/^web:[0-9a-f]{12}$/), name, network: "web" });
  const seen = () => dataOf(socket.take());

  it("gives a new watcher, and nobody else, the list of people and named browsers", async () => {
    await stage.session(["/lobby"], { tailspin: { name: "alice" } });
    await stage.session(["/lobby"]);
    await stage.ask(subscribe(watcher, "/presence/lobby"));
    const members = [{ ...BOB, network: "fake" }, web("alice")];
    expect(socket.take()).toEqual([{ channel: "/presence/lobby", data: { members, ...WHERE } }]);
    await stage.session(["/presence/lobby"]);
    expect(seen()).toEqual([]);
  });

  it("tells watchers of named browsers that come and go, however they go", async () => {
    await stage.ask(subscribe(watcher, "/presence/lobby"));
    seen();
    const alice = await stage.session(["/lobby"], { tailspin: { name: "alice" } });
    expect(seen()).toEqual([{ joined: web("alice") }]);
    await stage.ask(unsubscribe(alice, "/lobby"));
    expect(seen()).toEqual([{ left: web("alice") }]);
    await stage.ask(subscribe(alice, "/lobby"));
    await stage.ask(disconnect(alice));
    expect(seen()).toEqual([{ joined: web("alice") }, { left: web("alice") }]);
    const nameless = await stage.session(["/lobby"]);
    await stage.ask(disconnect(nameless));
    expect(seen()).toEqual([]);
  });

  it("lists the watcher itself when it subscribes to the channel with the same message", async () => {
    await stage.ask(subscribe(watcher, ["/lobby", "/presence/lobby"]));
    await stage.advance(10);
    expect(seen()).toEqual([{ members: [{ ...BOB, network: "fake" }, web("wanda")], ...WHERE }]);
  });

  it("tells watchers what changes on the network", async () => {
    await stage.ask(subscribe(watcher, "/presence/lobby"));
    seen();
    const member = { id: "fake:rob", name: "rob" };
    stage.network.inbox?.presence("/lobby", { type: "joined", member });
    stage.network.inbox?.presence("/lobby", { type: "left", member });
    stage.network.inbox?.presence("/lobby", { type: "renamed", member, formerId: BOB.id, formerName: "bob" });
    stage.network.people.set("/lobby", [member]);
    stage.network.inbox?.presence("/lobby", { type: "members", members: [member] });
    const rob = { ...member, network: "fake" };
    expect(seen()).toEqual([
      { joined: rob },
      { left: rob },
      { renamed: { ...rob, formerId: BOB.id, formerName: "bob" } },
      { members: [rob], ...WHERE },
    ]);
    stage.network.inbox?.presence("/elsewhere", { type: "joined", member });
    expect(seen()).toEqual([]);
  });

  it("says nothing more after the watcher unsubscribed, and keeps the channel for its subscribers", async () => {
    await stage.ask(subscribe(watcher, ["/lobby", "/presence/lobby"]));
    seen();
    await stage.ask(unsubscribe(watcher, "/presence/lobby"));
    stage.network.inbox?.presence("/lobby", { type: "joined", member: BOB });
    stage.network.say("/lobby", "hello");
    expect(seen()).toEqual(["hello"]);
  });

  it("keeps a channel that is only watched", async () => {
    await stage.ask(subscribe(watcher, "/presence/lobby"));
    await stage.advance(29_000);
    stage.dispatcher.over(socket, connect(watcher));
    await stage.advance(29_000);
    expect(stage.network.left).toEqual([]);
  });
});
