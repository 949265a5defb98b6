import { randomUUID } from "node:crypto";
import type { Message } from "cometd";
import { describe, expect, it, vi } from "vitest";
import { CometdClient, textsOf } from "../support/cometd-client.ts";
import { RawIrc } from "../support/raw-irc.ts";
import { startDispatcher, type TierProcess } from "../support/stack.ts";
import { WholeStack } from "../support/whole-stack.ts";

const TRANSPORTS = ["long-polling", "long-polling", "websocket", "websocket"] as const;
const MESSAGES = 300;
/** When the first dispatcher dies, and when the second does, after the first has come back. */
const [FIRST_DEATH, SECOND_DEATH] = [100, 200];

type End = (dispatcher: TierProcess) => Promise<void>;

describe("the end of a dispatcher", () => {
  it.for([
    ["kill -9", (dispatcher) => dispatcher.kill9()],
    ["SIGTERM", (dispatcher) => dispatcher.stop()],
  ] as const satisfies [string, End][])("by %s costs its browsers no session and no message", async ([, end]) => {
    await using stack = await WholeStack.start();
    const room = `r${randomUUID().slice(0, 8)}`;
    await using irc = await RawIrc.login(stack.ircd, "speaker", `#${room}`);
    await using clients = new AsyncDisposableStack();
    // Every second WebSocket is on the other dispatcher.
    const browsers: { client: CometdClient; clientId: string | null; heard: Message[] }[] = [];
    for (const transport of TRANSPORTS) {
      const client = clients.use(await CometdClient.open(stack.url, { transport, isAck: true }));
      const { clientId } = client;
      browsers.push({ client, clientId, heard: await client.subscribe(`/${room}`) });
    }

    const [first, second] = [stack.dispatcher(0), stack.dispatcher(1)];
    for (let index = 0; index < MESSAGES; index++) {
      if (index === FIRST_DEATH) await end(first);
      if (index === SECOND_DEATH) {
        // Everybody has come over; then the way back is tried.
        await vi.waitFor(() => {
          for (const { heard } of browsers) expect(heard.length).toBeGreaterThan(FIRST_DEATH);
        }, 15_000);
        clients.use(await startDispatcher([stack.bridge], "--port", String(first.port)));
        await end(second);
      }
      irc.say(`#${room}`, `${index}`);
      await irc.taken();
    }
    await vi.waitFor(() => {
      for (const { heard } of browsers) expect(heard.length).toBeGreaterThanOrEqual(MESSAGES);
    }, 15_000);

    const expected = Array.from({ length: MESSAGES }, (_, index) => `${index}`);
    for (const { client, clientId, heard } of browsers) {
      expect(textsOf(heard)).toEqual(expected);
      expect(client.handshakes).toHaveLength(1);
      expect([...client.clientIds]).toEqual([clientId]);
      // Requests failed on their way, and no server refused any.
      expect(client.failures.map(({ error }) => error).filter((error) => error?.startsWith("402"))).toEqual([]);
    }
    expect(browsers.flatMap(({ client }) => client.failures).length).toBeGreaterThan(0);
    expect(stack.bridge.isRunning).toBe(true);
  });

  it("by kill -9 leaves every publish answered, and what was accepted said once", async () => {
    await using stack = await WholeStack.start();
    const room = `r${randomUUID().slice(0, 8)}`;
    await using observer = await RawIrc.login(stack.ircd, "observer", `#${room}`);
    await using alice = await CometdClient.open(stack.url, { transport: "long-polling", isAck: true, name: "alice" });
    await using bob = await CometdClient.open(stack.url, { transport: "websocket", isAck: true, name: "bob" });
    const heard = await alice.subscribe(`/${room}`);

    const accepted: string[] = [];
    const failed: string[] = [];
    const publish = async (client: CometdClient, name: string) => {
      for (let index = 0; index < 100; index++) {
        if (name === "bob" && index === 40) void stack.dispatcher(1).kill9();
        const text = `${name} ${index}`;
        const reply = await client.publish(`/${room}`, { text });
        (reply.successful === true ? accepted : failed).push(text);
      }
    };
    await Promise.all([publish(alice, "alice"), publish(bob, "bob")]);
    expect(accepted.length + failed.length).toBe(200);
    expect(failed.length).toBeGreaterThan(0);
    expect(accepted.length).toBeGreaterThan(100);

    await vi.waitFor(() => expect(textsOf(heard)).toEqual(expect.arrayContaining(accepted)), 15_000);
    const texts = textsOf(heard);
    expect(new Set(texts).size).toBe(texts.length);
    await observer.taken();
    const said = observer.lines.flatMap((line) => / PRIVMSG \S+ :<(?:alice|bob)> (.*)$/.exec(line)?.[1] ?? []);
    expect(said).toEqual(texts);
    expect([alice, bob].map(({ handshakes }) => handshakes.length)).toEqual([1, 1]);
  });
});
