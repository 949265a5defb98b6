import { describe, expect, it, vi } from "vitest";
import { pino } from "pino";
import { Dispatcher, dispatcherSchema } from "../../dispatcher/index.ts";
import { ALICE, connectMessage as connect, post, startDispatcher } from "../support/dispatchers.ts";
import { FakeBridge } from "../support/fake-bridge.ts";
import { SocketClient } from "../support/socket-client.ts";

const handshake = { channel: "/meta/handshake", version: "1.0", supportedConnectionTypes: ["long-polling"], id: "0" };
const COOKIE = { cookie: "BAYEUX_BROWSER=0123456789abcdef" };
const cookieOf = (response: Response) => response.headers.getSetCookie();

describe("Dispatcher and browsers", () => {
  it("gives a browser that handshakes without a cookie one, and no other", async () => {
    await using dispatcher = await startDispatcher(new FakeBridge());
    const first = cookieOf(await post(dispatcher, [handshake]));
    expect(first).toEqual([expect.stringMatching(/^BAYEUX_BROWSER=[\w-]{24}; Path=\/; HttpOnly; SameSite=Lax$/)]);
    expect(cookieOf(await post(dispatcher, [handshake], COOKIE))).toEqual([]);
    const publish = { channel: "/lobby", clientId: ALICE, data: 1 };
    expect(cookieOf(await post(dispatcher, [publish]))).toEqual([]);
    expect(cookieOf(await post(dispatcher, [handshake]))).not.toEqual(first);
  });

  it("makes it Secure for a page that came by https", async () => {
    await using dispatcher = await startDispatcher(new FakeBridge());
    const origin = `https://127.0.0.1:${dispatcher.port}`;
    expect(cookieOf(await post(dispatcher, [handshake], { origin }))[0]).toMatch(/; Secure$/);
  });

  it("leads all handshakes of a browser to one route, the first included", async () => {
    const bridge = new FakeBridge();
    await using dispatcher = await startDispatcher(bridge);
    const response = await post(dispatcher, [handshake]);
    const cookie = cookieOf(response)[0]?.split(";")[0] ?? "";
    for (let count = 0; count < 3; count++) await post(dispatcher, [handshake], { cookie });
    expect(new Set(bridge.requests.map(({ route }) => route)).size).toBe(1);
    await using client = await SocketClient.open(dispatcher.port, { cookie });
    client.send(handshake);
    await vi.waitFor(() => expect(bridge.requests).toHaveLength(5));
    expect(new Set(bridge.requests.map(({ route }) => route)).size).toBe(1);
    // The first browser was bound to nothing: the cookie was not its own yet.
    expect(bridge.requests.map(({ context }) => context.browser === "")).toEqual([true, false, false, false, false]);
  });

  it("leads it elsewhere while the bridge of that route is down", async () => {
    const [one, other] = [new FakeBridge(), new FakeBridge()];
    const [toOne, toOther] = [one.connector(), other.connector()];
    await using dispatcher = await Dispatcher.start({
      config: dispatcherSchema.parse({ port: 0, bridges: ["127.0.0.1:1", "127.0.0.1:2"] }),
      routes: 1_024,
      secret: "secret",
      log: pino({ level: "silent" }),
      connect: (at, owner) => (at.node === 1 ? toOne : toOther)(at, owner),
    });
    await post(dispatcher, [handshake], COOKIE);
    const [home, away] = one.requests.length > 0 ? [one, other] : [other, one];
    home.down();
    expect((await post(dispatcher, [handshake], COOKIE)).status).toBe(200);
    expect([home.requests.length, away.requests.length]).toEqual([1, 1]);
    home.up();
    await post(dispatcher, [handshake], COOKIE);
    expect([home.requests.length, away.requests.length]).toEqual([2, 1]);
  });

  it("tells the bridge with each request what it carried, or the upgrade of its WebSocket did", async () => {
    const bridge = new FakeBridge();
    await using dispatcher = await startDispatcher(bridge, { httpVersionHeader: "X-Http-Version" });
    const origin = `http://127.0.0.1:${dispatcher.port}`;
    const publish = { channel: "/lobby", clientId: ALICE, data: 1 };
    await post(dispatcher, [publish], { ...COOKIE, origin, "x-http-version": "2.0" });
    await post(dispatcher, [publish]);
    await using client = await SocketClient.open(dispatcher.port, { ...COOKIE, origin });
    client.send(publish, connect(ALICE));
    await vi.waitFor(() => expect(bridge.requests).toHaveLength(4));
    const [byPost, bare, ...bySocket] = bridge.requests.map(({ context }) => context);
    expect(byPost).toMatchObject({ via: "post", isMultiplexed: true });
    expect(bare).toEqual({
      via: "post",
      isMultiplexed: false,
      browser: "",
      origin: "",
      address: "00000000000000000000ffff7f000001",
    });
    for (const context of bySocket) expect(context).toEqual({ ...byPost, via: "upgrade", isMultiplexed: false });
  });
});
