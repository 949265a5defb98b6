import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { startIrcNetwork, type StartedIrc } from "../support/irc-networks.ts";
import { FakeIrcd, type FakeClient } from "../unit/bridges/irc/fake-ircd.ts";

/** Ergo is not in the distribution: this server says what Ergo says. */
describe("history by command", () => {
  let ircd: FakeIrcd;
  let bridge: StartedIrc;
  let answer: (client: FakeClient, question: string) => void;
  const batch = (client: FakeClient, ...lines: readonly string[]): void => {
    client.send(":srv.test BATCH +7 chathistory #a");
    for (const line of lines) client.send(`@batch=7;${line}`);
    client.send(":srv.test BATCH -7");
  };
  beforeEach(async () => {
    ircd = await FakeIrcd.start();
    answer = () => undefined;
    ircd.script = (client, command, line) => {
      if (command === "CHATHISTORY") answer(client, line);
      else if (line.startsWith("CAP LS")) client.send(":srv.test CAP * LS :batch message-tags draft/chathistory");
      else if (line.startsWith("CAP REQ")) client.send(`:srv.test CAP * ACK ${line.slice("CAP REQ ".length)}`);
      return ["CHATHISTORY", "CAP"].includes(command);
    };
    bridge = await startIrcNetwork({ host: "127.0.0.1", port: ircd.port }, { historyTimeoutMs: 500 });
    await bridge.network.join("/a");
  });
  afterEach(async () => {
    await bridge[Symbol.asyncDispose]();
    await ircd[Symbol.asyncDispose]();
  });

  it("is asked on the receiving connection, and kept apart from what is said meanwhile", async () => {
    const questions: string[] = [];
    answer = (client, question) => {
      questions.push(question);
      if (questions.length > 1)
        return batch(client, ...(question.includes("AROUND") ? ["msgid=m1 :b!b@h PRIVMSG #a :x"] : []));
      client.send(":srv.test BATCH +7 chathistory #a");
      client.send("@batch=7;msgid=m2 :tailspin9!b@h PRIVMSG #a :<bob> old");
      client.send("@msgid=m4 :ann!a@h PRIVMSG #a :new");
      client.send("@batch=7;msgid=m3 :ann!a@h PRIVMSG #a :older than new");
      client.send(":srv.test BATCH -7");
    };
    const page = await bridge.network.history("/a", { since: { id: "m1" }, limit: 10 });
    expect(page.messages.map(({ id, from, data }) => [id, from, data])).toEqual([
      ["m2", "bob", { text: "old" }],
      ["m3", "ann", { text: "older than new" }],
    ]);
    expect(page).toMatchObject({ isContiguous: true, hasMore: false });
    expect(bridge.inbox.messages.map(({ id }) => id)).toEqual(["m4"]);
    expect(questions).toEqual([
      "CHATHISTORY AFTER #a msgid=m1 100",
      "CHATHISTORY AFTER #a msgid=m3 100",
      "CHATHISTORY AROUND #a msgid=m1 1",
    ]);
    expect([...ircd.clients].some(({ nick }) => nick.endsWith("s0"))).toBe(false);
  });

  it("is refused with the server's words, and unavailable when the connection is lost over it", async () => {
    answer = (client) =>
      client.send(":srv.test FAIL CHATHISTORY INVALID_TARGET LATEST #a :Messages could not be retrieved");
    const ask = () => bridge.network.history("/a", { since: null, limit: 3 });
    await expect(ask()).rejects.toMatchObject({
      kind: "refused",
      message: "Messages could not be retrieved (FAIL)",
    });
    answer = (client) => client.socket.destroy();
    await expect(ask()).rejects.toMatchObject({ kind: "unavailable" });
    await bridge.inbox.isUp(2);
    answer = (client) => batch(client, "msgid=m1 :ann!a@h PRIVMSG #a :hello");
    expect((await ask()).messages.map(({ data }) => data)).toEqual([{ text: "hello" }]);
  });

  it("fails in time when no answer comes", async () => {
    await expect(bridge.network.history("/a", { since: null, limit: 3 })).rejects.toMatchObject({
      kind: "unavailable",
      message: "the server did not send its history in time",
    });
  });
});
