import { afterAll, beforeAll, describe, expect, it, vi } from "vitest";
import { startErgo } from "../support/ergo.ts";
import { startIrcNetwork } from "../support/irc-networks.ts";
import { RawIrc } from "../support/raw-irc.ts";
import type { TestServer } from "../support/test-server.ts";

const WAIT = { timeout: 10_000, interval: 10 };

describe("what Ergo offers", () => {
  let server: TestServer;
  let count = 0;
  beforeAll(async () => {
    server = await startErgo();
  });
  afterAll(async () => {
    await server?.[Symbol.asyncDispose]();
  });

  it("accounts: of people who are logged in, now and in history", async () => {
    await using bob = await RawIrc.login(server, "robert");
    await using eve = await RawIrc.login(server, "eve");
    const name = `room${count++}`;
    for (const person of [bob, eve]) await person.join(`#${name}`);
    bob.say("NickServ", "REGISTER secret-of-robert");
    await bob.waitFor(/ 900 | now logged in|Account created/i);
    await using one = await startIrcNetwork(server);
    await one.network.join(`/${name}`);
    bob.say(`#${name}`, "logged in");
    await bob.taken();
    eve.say(`#${name}`, "not logged in");
    await vi.waitFor(() => expect(one.inbox.messages).toHaveLength(2), WAIT);
    const accounts = [
      ["robert", "robert"],
      ["eve", undefined],
    ];
    expect(one.inbox.messages.map(({ from, account }) => [from, account])).toEqual(accounts);
    const page = await one.network.history(`/${name}`, { since: null, limit: 10 });
    expect(page.messages.map(({ from, account }) => [from, account])).toEqual(accounts);
  });
});
