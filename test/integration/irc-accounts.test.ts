import { afterEach, beforeEach, expect, it, vi } from "vitest";
import { startIrcNetwork, type StartedIrc } from "../support/irc-networks.ts";
import { makeIrcNetwork } from "../contract/network/irc-fixture.ts";
import { CometdClient } from "../support/cometd-client.ts";
import { LocalStack } from "../support/local-stack.ts";
import { FakeIrcd } from "../unit/bridges/irc/fake-ircd.ts";

const WAIT = { timeout: 5_000, interval: 5 };

let ircd: FakeIrcd;
let bridge: StartedIrc;
beforeEach(async () => {
  ircd = await FakeIrcd.start();
  ircd.capabilities = "account-tag message-tags";
  bridge = await startIrcNetwork({ host: "127.0.0.1", port: ircd.port });
  await bridge.network.join("/a");
});
afterEach(async () => {
  await bridge[Symbol.asyncDispose]();
  await ircd[Symbol.asyncDispose]();
});

it("asks for accounts, and tells them of people only", async () => {
  expect(ircd.lines.find((line) => line.includes("CAP REQ"))).toMatch(/\baccount-tag\b/);
  ircd.show("bob", "PRIVMSG #a :logged in", "@account=robert ");
  ircd.show("bob", "PRIVMSG #a :not logged in", "@time=2026-01-01T00:00:00.000Z ");
  ircd.show("bob", "PRIVMSG #a :nobody", "@account=* ");
  ircd.show("bob", "PRIVMSG #a :empty", "@account= ");
  // A client's own tag is nobody's word but its own.
  ircd.show("bob", "PRIVMSG #a :forged", "@+account=admin ");
  // A bridge's account is not the browser's that speaks through it.
  ircd.show("tailspin7s1", "PRIVMSG #a :<alice> web", "@account=bridges ");
  await vi.waitFor(() => expect(bridge.inbox.messages).toHaveLength(6), WAIT);
  const told = bridge.inbox.messages.map(({ from, account }) => [from, account]);
  const nobody = ["bob", undefined];
  expect(told).toEqual([["bob", "robert"], nobody, nobody, nobody, nobody, ["alice", undefined]]);
});

it("tells browsers the account, and leaves the key out where there is none", async () => {
  await using stack = await LocalStack.start({ network: makeIrcNetwork({ host: "127.0.0.1", port: ircd.port }, 2) });
  await using page = await CometdClient.open(`http://127.0.0.1:${stack.port()}`, { transport: "websocket" });
  const heard = await page.subscribe("/a");
  ircd.show("bob", "PRIVMSG #a :hello", "@account=robert ");
  ircd.show("bob", "PRIVMSG #a :hello");
  await vi.waitFor(() => expect(heard).toHaveLength(2), WAIT);
  const [first, second] = heard.map(({ ext }) => (ext as { tailspin: object } | undefined)?.tailspin);
  expect(first).toMatchObject({ from: "bob", account: "robert" });
  expect(second).toMatchObject({ from: "bob" });
  expect(second).not.toHaveProperty("account");
});
