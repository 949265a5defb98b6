import { pino } from "pino";
import { describe, expect, it } from "vitest";
import { Dispatcher, dispatcherSchema } from "../../dispatcher/index.ts";
import { FakeBridge } from "../support/fake-bridge.ts";
import { FakeCluster, nodeAt } from "../support/fake-cluster.ts";

const FRIEND = "https://friend.example";

function start(cluster: FakeCluster | null, config: object = {}) {
  return Dispatcher.start({
    config: dispatcherSchema.parse({ port: 0, drainTimeoutMs: 2_000, ...config }),
    routes: 1_024,
    secret: "secret",
    log: pino({ level: "silent" }),
    ...(cluster ? { cluster } : {}),
    connect: new FakeBridge().connector(),
  });
}

function ask({ port }: Dispatcher, headers: Record<string, string> = {}, method = "GET") {
  return fetch(`http://127.0.0.1:${port}/halo/iteration`, { method, headers, signal: AbortSignal.timeout(5_000) });
}

describe("GET /halo/iteration", () => {
  it("tells the epoch of the newest table, and how many routes there are", async () => {
    const cluster = new FakeCluster();
    await using dispatcher = await start(cluster);
    for (const iteration of [1, 2]) {
      cluster.tell(1_024, [1], [nodeAt(1, "a:1")]);
      const answer = await ask(dispatcher);
      expect([answer.status, await answer.json()]).toEqual([200, { iteration, routes: 1_024 }]);
      expect(answer.headers.get("cache-control")).toBe("no-store");
      expect(answer.headers.get("content-type")).toBe("application/json");
    }
  });

  it("says 503 before the first table", async () => {
    await using dispatcher = await start(new FakeCluster());
    const answer = await ask(dispatcher);
    expect([answer.status, await answer.json()]).toEqual([
      503,
      { error: "this dispatcher has no table yet; try again" },
    ]);
    expect(answer.headers.get("cache-control")).toBe("no-store");
    expect(answer.headers.get("retry-after")).toBe("1");
  });

  it("is the same all the time where the bridges are a list", async () => {
    await using dispatcher = await start(null, { bridges: ["127.0.0.1:1", "127.0.0.1:2"] });
    const first: unknown = await (await ask(dispatcher)).json();
    expect(first).toEqual({ iteration: expect.any(Number), routes: 1_024 });
    expect(await (await ask(dispatcher)).json()).toEqual(first);
  });

  it("may be read by pages of listed origins, and of no others", async () => {
    await using dispatcher = await start(null, { allowedOrigins: [FRIEND] });
    const read = await ask(dispatcher, { origin: FRIEND });
    expect([read.status, read.headers.get("access-control-allow-origin"), read.headers.get("vary")]).toEqual([
      200,
      FRIEND,
      "Origin",
    ]);
    const preflight = await ask(dispatcher, { origin: FRIEND, "access-control-request-method": "GET" }, "OPTIONS");
    expect([preflight.status, preflight.headers.get("access-control-allow-origin")]).toEqual([204, FRIEND]);
    const refused = await ask(dispatcher, { origin: "https://evil.example" });
    expect([refused.status, refused.headers.get("access-control-allow-origin")]).toEqual([403, null]);
  });

  it("is asked for by GET or HEAD", async () => {
    await using dispatcher = await start(null);
    const head = await ask(dispatcher, {}, "HEAD");
    expect([head.status, await head.text()]).toEqual([200, ""]);
    const post = await ask(dispatcher, {}, "POST");
    expect([post.status, post.headers.get("allow")]).toEqual([405, "GET, HEAD, OPTIONS"]);
  });
});
