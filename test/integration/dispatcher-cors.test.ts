import { describe, expect, it } from "vitest";
import type { Dispatcher } from "../../dispatcher/index.ts";
import { ALICE, post, publishMessage as publish, startDispatcher } from "../support/dispatchers.ts";
import { FakeBridge } from "../support/fake-bridge.ts";
import { SocketClient } from "../support/socket-client.ts";

const FRIEND = "https://friend.example";
const EVIL = "https://evil.example";
const allowed = { allowedOrigins: [FRIEND] };

function get({ port }: Dispatcher, path: string, headers: Record<string, string>) {
  return fetch(`http://127.0.0.1:${port}${path}`, { headers, signal: AbortSignal.timeout(5_000) });
}

function preflight({ port }: Dispatcher, origin: string) {
  return fetch(`http://127.0.0.1:${port}/bayeux/handshake`, {
    method: "OPTIONS",
    headers: {
      origin,
      "access-control-request-method": "POST",
      "access-control-request-headers": "content-type,pragma,x-requested-with",
    },
  });
}

// Rule 32.
describe("CORS", () => {
  it("lets a listed origin post JSON, with credentials, and read the answer", async () => {
    await using dispatcher = await startDispatcher(new FakeBridge(), allowed);
    const asked = await preflight(dispatcher, FRIEND);
    expect(asked.status).toBe(204);
    expect(Object.fromEntries(asked.headers)).toMatchObject({
      "access-control-allow-origin": FRIEND,
      "access-control-allow-credentials": "true",
      "access-control-allow-methods": "POST, GET",
      "access-control-allow-headers": "Content-Type, Pragma, Authorization, X-Requested-With",
      vary: "Origin",
    });
    const answered = await post(dispatcher, [publish(ALICE)], { origin: FRIEND });
    expect(answered.status).toBe(200);
    expect(answered.headers.get("access-control-allow-origin")).toBe(FRIEND);
    expect(answered.headers.get("access-control-allow-credentials")).toBe("true");
    // A refusal must be readable too.
    const refused = await post(dispatcher, "{", { origin: FRIEND });
    expect([refused.status, refused.headers.get("access-control-allow-origin")]).toEqual([400, FRIEND]);
  });

  it("lets nobody else, and says so to no page", async () => {
    const bridge = new FakeBridge();
    await using dispatcher = await startDispatcher(bridge, allowed);
    for (const response of [
      await preflight(dispatcher, EVIL),
      await post(dispatcher, [publish(ALICE)], { origin: EVIL }),
    ]) {
      expect(response.status).toBe(403);
      expect(response.headers.get("access-control-allow-origin")).toBeNull();
      expect(response.headers.get("vary")).toBe("Origin");
    }
    expect(bridge.requests).toEqual([]);
    expect(dispatcher.faults.counts().get("http.origin")).toBe(2);
  });

  it("knows its own origin, which needs no leave", async () => {
    await using dispatcher = await startDispatcher(new FakeBridge());
    const own = await post(dispatcher, [], { origin: `http://127.0.0.1:${dispatcher.port}` });
    expect([own.status, own.headers.get("access-control-allow-origin"), own.headers.get("vary")]).toEqual([
      200,
      null,
      "Origin",
    ]);
  });

  it("says what there is to OPTIONS that is no preflight", async () => {
    await using dispatcher = await startDispatcher(new FakeBridge());
    const response = await fetch(`http://127.0.0.1:${dispatcher.port}/bayeux`, { method: "OPTIONS" });
    expect([response.status, response.headers.get("allow")]).toEqual([204, "GET, POST, OPTIONS"]);
  });

  it("judges scripts by where the browser says they are wanted", async () => {
    await using dispatcher = await startDispatcher(new FakeBridge(), allowed);
    const jsonp = `/bayeux?message=${encodeURIComponent("[]")}`;
    const status = async (headers: Record<string, string>) => (await get(dispatcher, jsonp, headers)).status;
    expect(await status({})).toBe(200);
    expect(await status({ "sec-fetch-site": "same-origin" })).toBe(200);
    expect(await status({ "sec-fetch-site": "cross-site", referer: `${FRIEND}/page` })).toBe(200);
    expect(await status({ "sec-fetch-site": "cross-site" })).toBe(403);
    expect(await status({ referer: `${EVIL}/page` })).toBe(403);
  });

  it("holds for streams and WebSockets as well", async () => {
    await using dispatcher = await startDispatcher(new FakeBridge(), allowed);
    const stream = await get(dispatcher, `/bayeux/${ALICE}`, { origin: FRIEND, accept: "text/event-stream" });
    expect(stream.headers.get("access-control-allow-origin")).toBe(FRIEND);
    await stream.body?.cancel();
    expect((await get(dispatcher, `/bayeux/${ALICE}`, { origin: EVIL })).status).toBe(403);
    await using _ = await SocketClient.open(dispatcher.port, { origin: FRIEND });
    await expect(SocketClient.open(dispatcher.port, { origin: EVIL })).rejects.toThrow("403");
  });
});
