import { randomUUID } from "node:crypto";
import { afterAll, beforeAll, describe, expect, it, vi } from "vitest";
import { startInNode } from "../conformance/node.ts";
import { ROWS } from "../conformance/rows.ts";
import { makeIrcNetwork } from "../contract/network/irc-fixture.ts";
import { LocalStack } from "../support/local-stack.ts";
import { RawIrc } from "../support/raw-irc.ts";
import { startEmbedded, type TestServer } from "../support/servers.ts";

const INTERVAL_MS = 400;
const WAIT_MS = 5_000;

describe("wildcards over an IRC server", () => {
  let server: TestServer;
  let stack: LocalStack;
  let room: string;
  beforeAll(async () => {
    server = await startEmbedded();
    stack = await LocalStack.start({
      network: makeIrcNetwork(server, 1),
      bridge: { discoveryIntervalMs: INTERVAL_MS, leaveAfterMs: 300 },
    });
    await stack.bridge.ready();
  });
  afterAll(async () => {
    await stack[Symbol.asyncDispose]();
    await server[Symbol.asyncDispose]();
  });

  const rows = ROWS.filter(({ isExtended, runtime }) => !isExtended && runtime === "Node");

  it.each(rows)("bring $library over $transport what is there, and what people on IRC open later", async (row) => {
    room = `r${randomUUID().slice(0, 8)}`;
    const name = `p${randomUUID().slice(0, 8)}`;
    await using person = await RawIrc.login(server, name, `#${room}.old`, `#${room}.hidden`, `#${room}x.other`);
    person.send(`MODE #${room}.hidden +s`);
    await person.taken();
    const url = `http://127.0.0.1:${stack.port()}/bayeux`;
    await using client = startInNode(row, { url, off: row.off, isExtended: false });
    const browser = client.driver;
    expect(await browser.handshake()).toBe("");
    expect(await browser.subscribe(`/${room}/*`)).toBe("");
    expect(await browser.subscribe(`/${room}/old`)).toBe("");
    expect(await browser.subscribe(`/${room}/**`)).toBe("");

    for (const where of ["old", "hidden"]) person.say(`#${room}.${where}`, `said in ${where}`);
    person.say(`#${room}x.other`, "elsewhere");
    await person.join(`#${room}.new`);
    // The bridge comes as soon as it has found the channel; what is said from then on is heard.
    await person.waitFor(new RegExp(`^:tailspin\\S+ JOIN :?#${room}\\.new`), WAIT_MS);
    person.say(`#${room}.new`, "said in new");
    expect(await browser.publish(`/${room}/own`, { text: "said in own" })).toBe("");

    const texts = async () => (await browser.heard()).map(({ channel, data }) => [channel, data]);
    const each = (where: string) => [`/${room}/${where}`, { text: `said in ${where}` }];
    await vi.waitFor(async () => expect(await texts()).toContainEqual(each("own")), WAIT_MS);
    await vi.waitFor(async () => expect(await texts()).toContainEqual(each("new")), WAIT_MS);
    // A message comes once; each of the client's listeners that it matches hears it.
    const received = (await browser.seen()).received.filter(({ data }) => data !== undefined);
    const channels = received.map(({ channel }) => channel.slice(room.length + 2)).toSorted();
    expect(channels).toEqual(["new", "old", "own"]);

    expect(await browser.disconnect()).toBe("");
    await vi.waitFor(() => expect(stack.bridge.census).toMatchObject({ channels: 0, patterns: 0 }), WAIT_MS);
  });
});
