import { setImmediate as nextTurn } from "node:timers/promises";
import { beforeEach, describe, expect, it } from "vitest";
import { Connection, type ConnectionOwner } from "../../../../../bridges/irc/embedded/connection.ts";
import { completeLimits } from "../../../../../bridges/irc/embedded/limits.ts";
import { FakeSocket } from "./fake-socket.ts";

const limits = completeLimits({ linesPerTurn: 10, maxSendQueueBytes: 100 });

describe("Connection", () => {
  let socket: FakeSocket;
  let connection: Connection;
  let events: string[];
  const owner: ConnectionOwner = {
    onLine: (_, line) => events.push(String(line)),
    onEnd: (sender, reason) => {
      events.push(`end: ${reason}`);
      sender.close(`ERROR :${reason}`);
    },
  };

  beforeEach(() => {
    events = [];
    socket = new FakeSocket();
    connection = new Connection(socket, owner, limits, () => 0);
  });

  it("stops reading after a turn's lines, and goes on in the next turn", async () => {
    connection.receive(Buffer.from("x\n".repeat(25)));
    expect([events.length, socket.isPaused]).toEqual([10, true]);
    await nextTurn();
    expect([events.length, socket.isPaused]).toEqual([20, true]);
    await nextTurn();
    expect([events.length, socket.isPaused]).toEqual([25, false]);
  });

  it("handles every line before it takes note of a half-close", async () => {
    connection.receive(Buffer.from("x\n".repeat(15)));
    connection.peerEnded();
    await nextTurn();
    expect(events.slice(14)).toEqual(["x", "end: Connection closed"]);
    expect(socket.hasEnded).toBe(true);
  });

  it("gathers what is sent in one turn into one write", async () => {
    connection.send("a\r\n");
    connection.send("b\r\n");
    await nextTurn();
    expect(socket.writes).toEqual(["a\r\nb\r\n"]);
  });

  it("keeps its queue while the peer does not read, and sends it in order on drain", async () => {
    socket.isStuck = true;
    connection.send("a\r\n");
    await nextTurn();
    connection.send("b\r\n");
    await nextTurn();
    expect(socket.writes).toEqual(["a\r\n"]);
    socket.isStuck = false;
    connection.drained();
    expect(socket.writes).toEqual(["a\r\n", "b\r\n"]);
  });

  it("gives up a peer whose queue passes its bound", async () => {
    socket.isStuck = true;
    connection.send("x".repeat(60));
    await nextTurn();
    connection.send("x".repeat(60));
    expect(events).toEqual([]);
    await nextTurn();
    expect(events).toEqual(["end: SendQ exceeded"]);
    expect(socket.writes.at(-1)).toBe("ERROR :SendQ exceeded\r\n");
  });

  it("says its last line after all others, once, and hears nothing more", async () => {
    connection.send("a\r\n");
    connection.close("bye");
    connection.close("again");
    connection.send("late\r\n");
    connection.receive(Buffer.from("x\n"));
    await nextTurn();
    expect(socket.writes).toEqual(["a\r\nbye\r\n"]);
    expect(events).toEqual([]);
  });

  it("handles no line after the one that closed it", () => {
    const closing = new Connection(socket, { ...owner, onLine: (sender) => sender.close("bye") }, limits, () => 0);
    closing.receive(Buffer.from("QUIT\nPRIVMSG #a :late\n"));
    expect(socket.writes).toEqual(["bye\r\n"]);
  });

  it("writes nothing to a socket that is gone", () => {
    socket.destroyed = true;
    connection.end("Connection reset");
    expect([events, socket.writes]).toEqual([["end: Connection reset"], []]);
  });
});
