import type { Message } from "cometd";
import { randomBytes, randomUUID } from "node:crypto";
import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { pino } from "pino";
import { afterAll, beforeAll, describe, expect, it, vi } from "vitest";
import { routeOf } from "../../bayeux/index.ts";
import { Bridge, bridgeSchema } from "../../bridges/index.ts";
import { EmbeddedIrcd } from "../../bridges/irc/embedded/index.ts";
import { Dispatcher, dispatcherSchema } from "../../dispatcher/index.ts";
import { HaloDaemon, halodSchema, tableOf } from "../../halod/index.ts";
import { FaultCounter, linkSchema } from "../../link/index.ts";
import { CometdClient } from "../support/cometd-client.ts";
import { FrameCounter } from "../support/frame-counter.ts";
import { LoopbackNetwork } from "../support/loopback-network.ts";
import { soleMapping } from "../support/sole-mapping.ts";
import { startBridge, type TierProcess } from "../support/stack.ts";

const HOST = "127.0.0.1";
const ROUTES = 1_024;
const BRIDGES = 3;
const USERS = 50;
const TOKEN = "inside-token-of-the-tests";
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

const silent = pino({ level: "silent" });

/** A bridge in this process. What it is told does not come from its network, which so may be any. */
async function startLocalBridge(config: object): Promise<Bridge> {
  const network = new LoopbackNetwork();
  const bridge = await Bridge.start({
    config: bridgeSchema.parse({ port: 0, ...config }),
    routes: ROUTES,
    secret: "",
    name: "bridge",
    instance: randomUUID(),
    link: linkSchema.parse({}),
    faults: new FaultCounter(silent, Date.now),
    networks: [network],
    mapping: soleMapping(network.name),
    log: silent,
    now: () => performance.timeOrigin + performance.now(),
    randomBytes,
  });
  await bridge.ready();
  return bridge;
}

/** One that is a process of its own, to be killed. */
async function startMortalBridge(resources: AsyncDisposableStack, ...flags: string[]): Promise<TierProcess> {
  const ircd = resources.use(await EmbeddedIrcd.start({ host: HOST, port: 0, log: silent }));
  return resources.use(await startBridge({ host: HOST, port: ircd.port }, ...flags));
}

/** A dispatcher in this process. */
async function startDispatcher(config: object): Promise<Dispatcher> {
  const inside = { port: 0, token: TOKEN };
  const dispatcher = await Dispatcher.start({
    config: dispatcherSchema.parse({ port: 0, drainTimeoutMs: 2_000, inside, ...config }),
    routes: ROUTES,
    secret: "",
    log: silent,
  });
  await dispatcher.ready();
  return dispatcher;
}

const urlOf = (dispatcher: Dispatcher | undefined) => `http://127.0.0.1:${dispatcher?.port}`;

async function dispatchTo(
  dispatcher: Dispatcher | undefined,
  recipients: readonly string[],
  data: unknown,
): Promise<Report & { status: number }> {
  const response = await fetch(`http://127.0.0.1:${dispatcher?.insidePort}/halo/dispatch`, {
    method: "POST",
    headers: { authorization: `Bearer ${TOKEN}`, "content-type": "application/json" },
    body: JSON.stringify({ recipients, data }),
    signal: AbortSignal.timeout(10_000),
  });
  const report = (await response.json()) as Report; // Its shape is what is looked at.
  return { status: response.status, ...report };
}

async function iterationOf(dispatcher: Dispatcher): Promise<number> {
  const told = (await (await fetch(`${urlOf(dispatcher)}/halo/iteration`)).json()) as { iteration: number }; // Or the test is red.
  return told.iteration;
}

describe("apps that dispatch to named users of bridges in a list", { timeout: 90_000 }, () => {
  const resources = new AsyncDisposableStack();
  let mortal: TierProcess;
  /** Of each dispatcher, on its way to each bridge. */
  const counters: FrameCounter[][] = [];
  const dispatchers: Dispatcher[] = [];
  const pages: Page[] = [];

  const dispatch = (recipients: readonly string[], data: unknown, place = 0) =>
    dispatchTo(dispatchers[place], recipients, data);
  const nodeOf = ({ client }: Page) => tableOf(ROUTES, BRIDGES).owners[(routeOf(client.clientId ?? "") ?? 0) - 1];
  const framesOf = (dispatcher: number) =>
    counters[dispatcher]?.reduce((sum, counter) => sum + counter.of("dispatch"), 0) ?? 0;

  async function open(user: string, place: number): Promise<Page> {
    const url = urlOf(dispatchers[place % dispatchers.length]);
    const transport = TRANSPORTS[Math.floor(place / 2) % 2] ?? "websocket";
    const client = resources.use(await CometdClient.open(url, { transport, name: user, isAck: place % 3 === 0 }));
    return { user, client, heard: await client.follow("/user") };
  }

  beforeAll(async () => {
    mortal = await startMortalBridge(resources, "--bridge-node", "2", "--bridge-nodes", `${BRIDGES}`);
    const ports = [
      resources.use(await startLocalBridge({ node: 1, nodes: BRIDGES })).port,
      mortal.port,
      resources.use(await startLocalBridge({ node: 3, nodes: BRIDGES })).port,
    ];
    for (let place = 0; place < 2; place++) {
      const own = await Promise.all(
        ports.map(async (port) => resources.use(await FrameCounter.start({ host: HOST, port }))),
      );
      counters.push(own);
      dispatchers.push(
        resources.use(await startDispatcher({ bridges: own.map(({ host, port }) => `${host}:${port}`) })),
      );
    }
    const users = Array.from({ length: USERS }, (_, index) => `user ${index}`);
    pages.push(...(await Promise.all(users.map((user, place) => open(user, place)))));
    // One of them has a second browser, at the other dispatcher.
    pages.push(await open("user 0", 1));
  }, 90_000);
  afterAll(() => resources.disposeAsync());

  it("reach each session once, wherever it is, and name who is not there", async () => {
    expect(new Set(pages.map(nodeOf))).toEqual(new Set([1, 2, 3]));
    const deaf = resources.use(
      await CometdClient.open(urlOf(dispatchers[1]), { transport: "websocket", name: "deaf" }),
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
    await mortal.kill9();
    await vi.waitFor(() => {
      for (const { bridges: links } of dispatchers) expect(links.up).toBe(BRIDGES - 1);
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
    const { port } = resources.use(await startLocalBridge({ node: 2, nodes: BRIDGES }));
    for (const [, counter] of counters) if (counter) counter.target = { host: HOST, port };
    // One of them is there with another page, so that the answer does not tell when all pages have come back.
    await vi.waitFor(
      async () => {
        expect((await dispatch(lostUsers, { back: true })).delivered).toEqual(lostUsers);
        for (const one of [...lost, page]) expect([one.user, dataOf(one).at(-1)]).toEqual([one.user, { back: true }]);
      },
      { timeout: 20_000, interval: 200 },
    );
    for (const { client } of [...others, page]) expect(client.handshakes).toHaveLength(1);
  });
});

describe("apps that dispatch to named users of bridges that HaloD knows", { timeout: 60_000 }, () => {
  it("find them at the next owner of their route when a bridge is killed", async () => {
    await using resources = new AsyncDisposableStack();
    const folder = await mkdtemp(join(tmpdir(), "halod-"));
    resources.defer(() => rm(folder, { recursive: true, force: true }));
    const halod = resources.use(
      await HaloDaemon.start({
        config: halodSchema.parse({ port: 0, file: join(folder, "cluster.json"), nodes: 2, failAfterMs: 300 }),
        routes: ROUTES,
        secret: "",
        name: "halod",
        instance: randomUUID(),
        link: linkSchema.parse({}),
        faults: new FaultCounter(silent, Date.now),
        log: silent,
        now: () => performance.timeOrigin + performance.now(),
        randomBytes,
      }),
    );
    const address = `127.0.0.1:${halod.port}`;
    const killed = await startMortalBridge(resources, "--bridge-halod", address, "--bridge-node", "2");
    resources.use(await startLocalBridge({ halod: [address], node: 1 }));
    const dispatcher = resources.use(await startDispatcher({ halod: [address] }));
    const users = Array.from({ length: 12 }, (_, index) => `user ${index}`);
    const pages = await Promise.all(
      users.map(async (user, place): Promise<Page> => {
        const transport = TRANSPORTS[place % 2] ?? "websocket";
        const client = resources.use(await CometdClient.open(urlOf(dispatcher), { transport, name: user }));
        return { user, client, heard: await client.follow("/user") };
      }),
    );
    expect(await dispatchTo(dispatcher, users, 1)).toMatchObject({ status: 200, delivered: users });
    const before = await iterationOf(dispatcher);
    await killed.kill9();
    // Until they are back they are nowhere, and that is what apps are told.
    await vi.waitFor(
      async () => expect(await dispatchTo(dispatcher, users, 2)).toMatchObject({ status: 200, delivered: users }),
      { timeout: 15_000, interval: 100 },
    );
    await vi.waitFor(() => {
      for (const page of pages) expect([page.user, dataOf(page).at(-1)]).toEqual([page.user, 2]);
    }, 10_000);
    // Who goes by DNS is told of the change, too.
    expect(await iterationOf(dispatcher)).toBeGreaterThan(before);
  });
});
