import { once } from "node:events";
import { type IncomingMessage, request as httpRequest } from "node:http";
import { pino } from "pino";
import { describe, expect, it, vi } from "vitest";
import { Dispatcher, dispatcherSchema } from "../../dispatcher/index.ts";
import { ALICE } from "../support/dispatchers.ts";
import { FakeBridge, payload } from "../support/fake-bridge.ts";
import { FakeCluster, nodeAt } from "../support/fake-cluster.ts";

const ROUTES = 1_024;
const NODES = [nodeAt(1, "one:1"), nodeAt(2, "two:2")];
const EVENTUALLY = { timeout: 10_000, interval: 5 };

const deliver = (connection: number, data: string) => ({
  type: "deliver" as const,
  seq: 1,
  recipients: Uint32Array.of(connection),
  payload: payload({ channel: "/lobby", data }),
});

describe("a stream of eventsource whose session moves", () => {
  it.each([
    ["before", "the dispatcher knows it"],
    ["after", "the dispatcher learns of it"],
  ])("goes on at the next bridge, where the table came %s its bridge let go of it", async (order) => {
    const cluster = new FakeCluster();
    const [one, two] = [new FakeBridge(), new FakeBridge()];
    cluster.tell(ROUTES, [1], NODES);
    await using dispatcher = await Dispatcher.start({
      config: { ...dispatcherSchema.parse({ port: 0, drainTimeoutMs: 2_000 }), coalesceMs: 0 },
      routes: ROUTES,
      secret: "secret",
      log: pino({ level: "silent" }),
      cluster,
      connect: (bridge, owner) => (bridge.node === 1 ? one : two).connector()(bridge, owner),
    });
    const { port } = dispatcher;
    const headers = { accept: "text/event-stream" };
    const request = httpRequest({ host: "127.0.0.1", port, path: `/bayeux/${ALICE}`, headers, agent: false });
    request.end();
    const response: IncomingMessage = (await once(request, "response"))[0];
    let text = "";
    let isOver = false;
    response.on("data", (chunk: Buffer) => (text += chunk.toString()));
    response.on("error", () => undefined);
    response.once("close", () => (isOver = true));
    const { connection = 0 } = one.requests[0] ?? {};
    one.say(deliver(connection, "old"));

    const tell = () => cluster.tell(ROUTES, [2], NODES);
    if (order === "before") tell();
    one.say({ type: "refused", connection });
    if (order === "after") tell();

    await vi.waitFor(() => expect(two.requests).toHaveLength(1), EVENTUALLY);
    await vi.waitFor(() => expect(one.of("closed")).toEqual([{ type: "closed", connection }]), EVENTUALLY);
    two.say(deliver(two.requests[0]?.connection ?? 0, "new"));
    await vi.waitFor(() => expect(text).toContain('"new"'), EVENTUALLY);
    expect(text.indexOf('"old"')).toBeGreaterThan(0);
    expect([isOver, one.requests.length]).toEqual([false, 1]);
    request.destroy();
  });
});
