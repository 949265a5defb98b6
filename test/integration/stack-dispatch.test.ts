import type { Message } from "cometd";
import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, it, vi } from "vitest";
import { routeOf } from "../../bayeux/index.ts";
import { EmbeddedIrcd } from "../../bridges/irc/embedded/index.ts";
import { tableOf } from "../../halod/index.ts";
import { pino } from "pino";
import { CometdClient } from "../support/cometd-client.ts";
import { FrameCounter } from "../support/frame-counter.ts";
import { linesOf } from "../support/log-lines.ts";
import { startBridge, startDispatcher, startDispatcherWith, startHalod, type TierProcess } from "../support/stack.ts";

const BRIDGES = 3;
const USERS = 50;
const TOKEN = "inside-token-of-the-tests";
const INSIDE = ["--dispatcher-inside-port", "0", "--dispatcher-inside-token", TOKEN];
const TRANSPORTS = ["websocket", "long-polling"] as const;

interface Page {
  readonly user: string;
  readonly client: CometdClient;
  readonly heard: readonly Message[];
}

/** What an app is told. */
interface Report {
  readonly delivered: readonly string[];
  readonly unreachable: readonly string[];
  readonly unknown: readonly string[];
  readonly unconfirmed?: readonly string[];
  readonly faults?: readonly { readonly users: readonly string[]; readonly error: string }[];
}

const dataOf = ({ heard }: Page) => heard.map(({ data }) => data as unknown);

function insideOf(dispatcher: TierProcess | undefined): string {
  const port = linesOf(dispatcher?.log ?? []).find(({ msg }) => msg === "listening for apps")?.["port"];
  if (typeof port !== "number") throw new Error("this dispatcher has no inside");
  return `http://127.0.0.1:${port}/halo/dispatch`;
}

async function dispatchTo(
  dispatcher: TierProcess | undefined,
  recipients: readonly string[],
  data: unknown,
): Promise<Report & { status: number }> {
  const response = await fetch(insideOf(dispatcher), {
    method: "POST",
    headers: { authorization: `Bearer ${TOKEN}`, "content-type": "application/json" },
    body: JSON.stringify({ recipients, data }),
    signal: AbortSignal.timeout(10_000),
  });
  const report = (await response.json()) as Report; // Its shape is what is looked at.
  return { status: response.status, ...report };
}

async function bridgesUp(url: string): Promise<number> {
  const health = (await (await fetch(`${url}/health`)).json()) as { bridges: { up: number } }; // Or the test is red.
  return health.bridges.up;
}

async function iterationOf({ url }: TierProcess): Promise<number> {
  const told = (await (await fetch(`${url}/halo/iteration`)).json()) as { iteration: number }; // Or the test is red.
  return told.iteration;
}

describe("apps that dispatch to named users of bridges in a list", { timeout: 90_000 }, () => {
  const resources = new AsyncDisposableStack();
  const bridges: TierProcess[] = [];
  /** Of each dispatcher, on its way to each bridge. */
  const counters: FrameCounter[][] = [];
  const dispatchers: TierProcess[] = [];
  const pages: Page[] = [];

  const dispatch = (recipients: readonly string[], data: unknown, place = 0) =>
    dispatchTo(dispatchers[place], recipients, data);
  const nodeOf = ({ client }: Page) => tableOf(1_024, BRIDGES).owners[(routeOf(client.clientId ?? "") ?? 0) - 1];
  const framesOf = (dispatcher: number) =>
    counters[dispatcher]?.reduce((sum, counter) => sum + counter.of("dispatch"), 0) ?? 0;

  let irc = { host: "", port: 0 };
  const startBridgeOf = (node: number) =>
    startBridge(irc, "--bridge-node", String(node), "--bridge-nodes", String(BRIDGES));

  async function open(user: string, place: number): Promise<Page> {
    const { url = "" } = dispatchers[place % dispatchers.length] ?? {};
    const transport = TRANSPORTS[Math.floor(place / 2) % 2] ?? "websocket";
    const client = resources.use(await CometdClient.open(url, { transport, name: user, isAck: place % 3 === 0 }));
    return { user, client, heard: await client.follow("/user") };
  }

  beforeAll(async () => {
    const ircd = resources.use(
      await EmbeddedIrcd.start({ host: "127.0.0.1", port: 0, log: pino({ level: "silent" }) }),
    );
    irc = { host: "127.0.0.1", port: ircd.port };
    // One after the other: on a busy machine, many that start at once are all late.
    for (let node = 1; node <= BRIDGES; node++) bridges.push(resources.use(await startBridgeOf(node)));
    for (let place = 0; place < 2; place++) {
      const own = await Promise.all(bridges.map(async (bridge) => resources.use(await FrameCounter.start(bridge))));
      counters.push(own);
      dispatchers.push(resources.use(await startDispatcher(own, ...INSIDE)));
    }
    // Healthy is who has one bridge; here all have to be there.
    await vi.waitFor(async () => {
      for (const { url } of dispatchers)
        if ((await bridgesUp(url)) < BRIDGES) throw new Error(`${url} has not found all bridges`);
    }, 15_000);
    await vi.waitFor(() => dispatchers.map(insideOf), 5_000);
    const users = Array.from({ length: USERS }, (_, index) => `user ${index}`);
    pages.push(...(await Promise.all(users.map((user, place) => open(user, place)))));
    // One of them has a second browser, at the other dispatcher.
    pages.push(await open("user 0", 1));
  }, 90_000);
  afterAll(() => resources.disposeAsync());

  it("reach each session once, wherever it is, and name who is not there", async () => {
    expect(new Set(pages.map(nodeOf))).toEqual(new Set([1, 2, 3]));
    const deaf = resources.use(
      await CometdClient.open(dispatchers[1]?.url ?? "", { transport: "websocket", name: "deaf" }),
    );
    const users = pages.slice(0, USERS).map(({ user }) => user);
    const before = framesOf(0);
    expect(await dispatch([...users, "deaf", "nobody"], { n: 1 })).toEqual({
      status: 200,
      delivered: users,
      unreachable: ["deaf"],
      unknown: ["nobody"],
    });
    // One frame to each bridge, and none by way of the other dispatcher.
    expect([framesOf(0) - before, framesOf(1)]).toEqual([BRIDGES, 0]);
    await vi.waitFor(() => {
      for (const page of pages) expect([page.user, dataOf(page)]).toEqual([page.user, [{ n: 1 }]]);
    }, 10_000);
    // What comes after it shows that nothing came twice.
    await dispatch(users, { n: 2 }, 1);
    await vi.waitFor(() => {
      for (const page of pages) expect([page.user, dataOf(page)]).toEqual([page.user, [{ n: 1 }, { n: 2 }]]);
    }, 10_000);
    expect(deaf.failures).toEqual([]);
  });

  it("reach all browsers of one user, and cost two frames", async () => {
    const before = framesOf(0);
    expect(await dispatch(["user 0"], { only: 0 })).toMatchObject({ status: 200, delivered: ["user 0"] });
    expect(framesOf(0) - before).toBe(2);
    await vi.waitFor(() => {
      for (const page of pages.filter(({ user }) => user === "user 0"))
        expect(dataOf(page)).toContainEqual({ only: 0 });
    }, 10_000);
    await dispatch(["user 1"], { only: 1 });
    await vi.waitFor(() => expect(pages[1] && dataOf(pages[1])).toContainEqual({ only: 1 }), 10_000);
    expect(pages.filter((page) => dataOf(page).some((data) => JSON.stringify(data) === '{"only":0}'))).toHaveLength(2);
  });

  it("name those whose bridge was killed, and find them again where they go, and where they come back", async () => {
    const lost = pages.filter((page) => nodeOf(page) === 2);
    const lostUsers = [...new Set(lost.map(({ user }) => user))];
    const others = pages.slice(0, USERS).filter((page) => nodeOf(page) !== 2);
    const otherUsers = others.map(({ user }) => user);
    await bridges[1]?.kill9();
    await vi.waitFor(async () => {
      for (const { url } of dispatchers) expect(await bridgesUp(url)).toBe(BRIDGES - 1);
    }, 10_000);
    expect(await dispatch([...lostUsers, ...otherUsers], { n: 3 })).toEqual({
      status: 207,
      delivered: otherUsers,
      unreachable: lostUsers,
      unknown: [],
      faults: [{ users: lostUsers, error: "the bridge of these users is away" }],
    });
    await vi.waitFor(() => {
      for (const page of others)
        expect([page.user, dataOf(page)]).toEqual([page.user, expect.arrayContaining([{ n: 3 }])]);
    }, 10_000);
    // Who begins anew does so at the bridge that stands in.
    const [someone = ""] = lostUsers;
    const page = await open(someone, 0);
    expect(nodeOf(page)).not.toBe(2);
    expect(await dispatch([someone], { n: 4 }, 1)).toEqual({
      status: 200,
      delivered: [someone],
      unreachable: [],
      unknown: [],
    });
    await vi.waitFor(() => expect(dataOf(page)).toEqual([{ n: 4 }]), 10_000);
    const again = resources.use(await startBridgeOf(2));
    for (const [, counter] of counters) if (counter) counter.target = again;
    await vi.waitFor(async () => expect((await dispatch(lostUsers, { back: true })).delivered).toEqual(lostUsers), {
      timeout: 20_000,
      interval: 200,
    });
    await vi.waitFor(() => {
      for (const one of [...lost, page]) expect([one.user, dataOf(one).at(-1)]).toEqual([one.user, { back: true }]);
    }, 20_000);
    for (const { client } of [...others, page]) expect(client.handshakes).toHaveLength(1);
  });
});

describe("apps that dispatch to named users of bridges that HaloD knows", { timeout: 60_000 }, () => {
  it("find them at the next owner of their route when a bridge is killed, where they begin anew", async () => {
    await using resources = new AsyncDisposableStack();
    const folder = await mkdtemp(join(tmpdir(), "halod-"));
    resources.defer(() => rm(folder, { recursive: true, force: true }));
    const ircd = resources.use(
      await EmbeddedIrcd.start({ host: "127.0.0.1", port: 0, log: pino({ level: "silent" }) }),
    );
    const irc = { host: "127.0.0.1", port: ircd.port };
    const flags = ["--halod-nodes", "2", "--halod-fail-after-ms", "300"];
    const halod = resources.use(await startHalod(0, join(folder, "cluster.json"), ...flags));
    const address = `127.0.0.1:${halod.port}`;
    const bridges: TierProcess[] = [];
    for (const node of ["1", "2"]) {
      bridges.push(resources.use(await startBridge(irc, "--bridge-halod", address, "--bridge-node", node)));
    }
    const dispatcher = resources.use(await startDispatcherWith("--dispatcher-halod", address, ...INSIDE));
    await vi.waitFor(() => insideOf(dispatcher), 5_000);
    const users = Array.from({ length: 12 }, (_, index) => `user ${index}`);
    const pages = await Promise.all(
      users.map(async (user, place): Promise<Page> => {
        const transport = TRANSPORTS[place % 2] ?? "websocket";
        const client = resources.use(await CometdClient.open(dispatcher.url, { transport, name: user }));
        return { user, client, heard: await client.follow("/user") };
      }),
    );
    expect(await dispatchTo(dispatcher, users, 1)).toMatchObject({ status: 200, delivered: users });
    const before = await iterationOf(dispatcher);
    await bridges[1]?.kill9();
    // Until they are back they are nowhere, and that is what apps are told.
    await vi.waitFor(
      async () => expect(await dispatchTo(dispatcher, users, 2)).toMatchObject({ status: 200, delivered: users }),
      { timeout: 15_000, interval: 100 },
    );
    await vi.waitFor(() => {
      for (const page of pages) expect([page.user, dataOf(page).at(-1)]).toEqual([page.user, 2]);
    }, 10_000);
    const counts = pages.map(({ client }) => client.handshakes.length);
    expect([counts.includes(1), counts.some((count) => count > 1)]).toEqual([true, true]);
    // Who goes by DNS is told of the change, too.
    expect(await iterationOf(dispatcher)).toBeGreaterThan(before);
  });
});
