import { createRequire } from "node:module";
import { afterAll, beforeAll, describe, expect, it, vi } from "vitest";
import type { Publication } from "../../bridges/index.ts";
import { AlternatingProxy } from "../support/alternating-proxy.ts";
import { LocalStack } from "../support/local-stack.ts";
import { LoopbackNetwork } from "../support/loopback-network.ts";

/** What of faye's client is used here. */
interface FayeClient {
  disable(type: string): void;
  subscribe(channel: string, onMessage: (data: unknown) => void): PromiseLike<unknown> & { cancel(): void };
  publish(channel: string, data: unknown): PromiseLike<unknown>;
  disconnect(): PromiseLike<unknown>;
}
interface Faye {
  readonly Client: new (url: string, options: { retry: number; timeout: number }) => FayeClient;
}

function isFaye(value: unknown): value is Faye {
  return typeof value === "object" && value !== null && "Client" in value;
}

const faye: unknown = createRequire(import.meta.url)("faye");
if (!isFaye(faye)) throw new TypeError("this is not faye");
const { Client } = faye;
/** Faye gives a connect a fifth more time than it is held, and then closes its socket: not too short for a busy machine. */
const CONNECT_MS = 2_000;

/** Takes what is published when a test says so. */
class HeldNetwork extends LoopbackNetwork {
  readonly published: unknown[] = [];
  readonly release = Promise.withResolvers<void>();

  override async publish(channel: string, publication: Publication): Promise<void> {
    this.published.push(publication.data);
    await this.release.promise;
    await super.publish(channel, publication);
  }
}

// Faye has these two in Node, and the others in browsers only: see clients-browser.test.ts.
describe("the unmodified Faye client in Node", () => {
  const network = new LoopbackNetwork();
  let stack: LocalStack;
  beforeAll(async () => {
    stack = await LocalStack.start({ network, bridge: { connectTimeoutMs: CONNECT_MS } });
  });
  afterAll(() => stack[Symbol.asyncDispose]());

  it.each([
    // It begins over HTTP, and goes over to the WebSocket.
    ["websocket", "eventsource"],
    ["long-polling", "websocket"],
  ])("passes over %s", async (type, other) => {
    const client = new Client(`http://127.0.0.1:${stack.port()}/bayeux`, { retry: 1, timeout: 20 });
    client.disable(other);
    const heard: unknown[] = [];
    const channel = `/faye-${type}`;
    const subscription = client.subscribe(channel, (data) => heard.push(data));
    await subscription;
    await client.publish(channel, { text: "héllo ☃ \u2028" });
    await Promise.all([client.publish(channel, 1), client.publish(channel, 2)]);
    await vi.waitFor(() => expect(heard).toEqual([{ text: "héllo ☃ \u2028" }, 1, 2]), 5_000);
    const endMs = performance.now() + 1.5 * CONNECT_MS;
    for (let turn = 0; performance.now() < endMs; turn++) {
      network.say(channel, `${turn}`);
      await vi.waitFor(() => expect(heard).toHaveLength(4 + turn), 5_000);
    }
    await expect(Promise.resolve(client.publish("/not a channel", 1))).rejects.toThrow(/./);
    subscription.cancel();
    await client.publish(channel, "unheard");
    expect(heard).not.toContain("unheard");
    await client.disconnect();
    await vi.waitFor(() => expect(stack.openConnections).toBe(0), 5_000);
  });

  it.each([
    ["websocket", "eventsource"],
    ["long-polling", "websocket"],
  ])("publishes once, though it sends again what it heard no answer to, over %s", async (type, other) => {
    const held = new HeldNetwork();
    await using another = await LocalStack.start({ network: held, dispatchers: 2 });
    const targets = another.dispatchers.map(({ port }) => ({ host: "127.0.0.1", port }));
    await using proxy = await AlternatingProxy.start(...targets);
    const client = new Client(`${proxy.url}/bayeux`, { retry: 0.2, timeout: 20 });
    client.disable(other);
    const heard: unknown[] = [];
    await client.subscribe("/room", (data) => heard.push(data));
    const published = client.publish("/room", `over ${type}`);
    await vi.waitFor(() => expect(held.published).toHaveLength(1), 5_000);
    proxy.cut();
    const resent = () => another.faults.counts().get("bridge.resent") ?? 0;
    await vi.waitFor(() => expect(held.published.length + resent()).toBeGreaterThan(1), 10_000);
    expect(held.published).toEqual([`over ${type}`]);
    held.release.resolve();
    await published;
    await vi.waitFor(() => expect(heard).toEqual([`over ${type}`]), 5_000);
    await client.disconnect();
  });
});
