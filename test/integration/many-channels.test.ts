import { type ChildProcess, spawn } from "node:child_process";
import { once } from "node:events";
import { fileURLToPath } from "node:url";
import { afterAll, beforeAll, describe, expect, it, vi } from "vitest";
import { countOnIrc, countOnXmpp, type ChannelCounter } from "../support/channel-counter.ts";
import type { Measure, MeasuredStackConfig, NetworkChoice } from "../support/measured-stack-main.ts";
import { IRC_SERVERS, XMPP_SERVERS } from "../support/servers.ts";
import { SocketClient } from "../support/socket-client.ts";
import type { TestServer } from "../support/test-server.ts";
import { XMPP_SERVICE } from "../support/xmpp-service.ts";

/** A server, how a bridge uses it, and how many channels it has to bear. */
interface Subject {
  readonly name: string;
  readonly channels: number;
  readonly start: () => Promise<TestServer>;
  readonly networkOn: (server: TestServer) => NetworkChoice;
  readonly counterOn: (server: TestServer) => Promise<ChannelCounter>;
}

const SESSIONS = 10;
const IRC_CHANNELS = 10_000;
/** XMPP servers take a few hundred joins a second, and this is done three times. */
const XMPP_CHANNELS = Number(process.env["TEST_XMPP_CHANNELS"] ?? 500);
const PER_MESSAGE = 100;
/** Generous, as machines are shared: ten joins a second. */
const STEP_MS = Math.max(60_000, 100 * XMPP_CHANNELS);
const WAIT = { timeout: STEP_MS, interval: 50 };
/** A long list is work for a server, which is busy with leaving. */
const COUNT_WAIT = { timeout: STEP_MS, interval: 500 };
/** What later rounds may leave behind: of 10,000 channels, less than 120 bytes for each. */
const MOST_GROWN_BYTES = 1024 * 1024;
/** What the first rounds may: code is compiled, tables have grown and do not shrink. */
const MOST_KEPT_BYTES = 16 * 1024 * 1024;
const PATIENT = {
  bridge: { leaveAfterMs: 100, joinTimeoutMs: STEP_MS, sessionTimeoutMs: STEP_MS },
  // Who is ready first waits for the others, and says nothing meanwhile.
  dispatcher: { exchangeTimeoutMs: STEP_MS, idleSocketMs: STEP_MS },
} as const;

const onIrc = ([name, start]: [string, () => Promise<TestServer>]): Subject => ({
  name,
  channels: IRC_CHANNELS,
  start,
  networkOn: ({ host, port }) => ({ kind: "irc", settings: { host, port, joinTimeoutMs: STEP_MS } }),
  counterOn: countOnIrc,
});

const onXmpp = ([name, start]: [string, () => Promise<TestServer>]): Subject => ({
  name,
  channels: XMPP_CHANNELS,
  start,
  networkOn: ({ host, otherPorts }) => ({
    kind: "xmpp",
    settings: {
      component: XMPP_SERVICE.componentDomains[0],
      secret: XMPP_SERVICE.componentSecret,
      host,
      port: otherPorts["component"],
      mucService: XMPP_SERVICE.mucDomain,
      tls: "none",
      // So that the service's own list tells when a room has been left.
      persistentRooms: false,
      joinTimeoutMs: STEP_MS,
      requestTimeoutMs: STEP_MS,
    },
  }),
  counterOn: countOnXmpp,
});

const SUBJECTS = [...Object.entries(IRC_SERVERS).map(onIrc), ...Object.entries(XMPP_SERVERS).map(onXmpp)];

describe.each(SUBJECTS)("$channels channels on $name", ({ channels, start, networkOn, counterOn }) => {
  let server: TestServer;
  let counter: ChannelCounter;
  let stack: MeasuredStack;
  /** Channels of the server itself. */
  let own: number;
  beforeAll(async () => {
    server = await start();
    counter = await counterOn(server);
    own = await counter.count();
    stack = await MeasuredStack.start({ network: networkOn(server), ...PATIENT });
  });
  afterAll(async () => {
    stack[Symbol.dispose]();
    await counter[Symbol.asyncDispose]();
    await server[Symbol.asyncDispose]();
  });

  it("are joined and left again, and nothing stays behind", { timeout: 5 * STEP_MS }, async () => {
    const heaps = [(await stack.measure()).heapBytes];
    for (let round = 1; round <= 2; round++) {
      await subscribeAndUnsubscribe(round);
      heaps.push((await stack.measure()).heapBytes);
    }
    await subscribeAndUnsubscribe(3);
    const [before = 0, , second = 0] = heaps;
    // What the last turns have touched may be collected a moment later; what leaks stays.
    await vi.waitFor(async () => {
      const third = (await stack.measure()).heapBytes;
      const told = `heap after each round: ${[...heaps, third].join(", ")}`;
      expect(third - second, told).toBeLessThan(MOST_GROWN_BYTES);
      expect(third - before, told).toBeLessThan(MOST_KEPT_BYTES);
    }, WAIT);
  });

  async function subscribeAndUnsubscribe(round: number): Promise<void> {
    await using clients = new AsyncDisposableStack();
    const sessions = await Promise.all(Array.from({ length: SESSIONS }, () => BayeuxSession.open(stack.port)));
    for (const session of sessions) clients.use(session);
    // Other channels each time, so that what is kept by name shows.
    const names = (index: number): string[] =>
      Array.from({ length: channels / SESSIONS }, (_unused, number) => `/many/r${round}/s${index}/c${number}`);
    await Promise.all(sessions.map((session, index) => session.all("subscribe", names(index))));
    // Where it is busy, ejabberd leaves out of its list what does not answer at once.
    await vi.waitFor(async () => expect(await counter.count()).toBe(own + channels), COUNT_WAIT);
    expect((await stack.measure()).census.channels).toBe(channels);

    await Promise.all(sessions.map((session, index) => session.all("unsubscribe", names(index))));
    await vi.waitFor(async () => expect(await counter.count()).toBe(own), COUNT_WAIT);
    await Promise.all(sessions.map((session) => session.end()));
    const nothing = { sessions: 0, channels: 0, patterns: 0, connections: 0, exchanges: 0, puppets: 0 };
    await vi.waitFor(async () => expect((await stack.measure()).census).toEqual(nothing), WAIT);
  }
});

/** A process of its own, which dies with this one. */
class MeasuredStack implements Disposable {
  readonly #child: ChildProcess;
  port = 0;

  private constructor(config: MeasuredStackConfig) {
    const script = fileURLToPath(new URL("../support/measured-stack-main.ts", import.meta.url));
    const args = ["--expose-gc", script, JSON.stringify(config)];
    this.#child = spawn(process.execPath, args, { stdio: ["ignore", "inherit", "inherit", "ipc"] });
  }

  static async start(config: MeasuredStackConfig): Promise<MeasuredStack> {
    const stack = new MeasuredStack(config);
    const ready: { port: number } = await stack.#answer();
    stack.port = ready.port;
    return stack;
  }

  async measure(): Promise<Measure> {
    const answer = this.#answer<Measure>();
    this.#child.send("measure");
    return answer;
  }

  [Symbol.dispose](): void {
    this.#child.kill("SIGKILL");
  }

  async #answer<Answer>(): Promise<Answer> {
    const settled = new AbortController();
    const signal = AbortSignal.any([settled.signal, AbortSignal.timeout(STEP_MS)]);
    const ended = once(this.#child, "exit", { signal }).then(([code]) => {
      throw new Error(`the stack ended with ${String(code)}`);
    });
    const answered = once(this.#child, "message", { signal }).then(([answer]) => answer);
    return Promise.race([answered, ended]).finally(() => {
      settled.abort();
      ended.catch(() => undefined);
    });
  }
}

/** A browser that subscribes to very much. */
class BayeuxSession implements AsyncDisposable {
  readonly #client: SocketClient;
  readonly #clientId: string;
  #seen = 0;

  private constructor(client: SocketClient, clientId: string, seen: number) {
    this.#client = client;
    this.#clientId = clientId;
    this.#seen = seen;
  }

  static async open(port: number): Promise<BayeuxSession> {
    const client = await SocketClient.open(port);
    client.send({ channel: "/meta/handshake", version: "1.0", supportedConnectionTypes: ["websocket"] });
    await received(client, 1);
    const clientId = client.messages[0]?.clientId;
    if (typeof clientId !== "string") throw new Error(`no session: ${JSON.stringify(client.messages)}`);
    return new BayeuxSession(client, clientId, 1);
  }

  /** Resolves when each is answered, and with success. */
  async all(what: "subscribe" | "unsubscribe", names: readonly string[]): Promise<void> {
    for (let first = 0; first < names.length; first += PER_MESSAGE) {
      const subscription = names.slice(first, first + PER_MESSAGE);
      this.#client.send({ channel: `/meta/${what}`, clientId: this.#clientId, subscription });
    }
    const expected = this.#seen + Math.ceil(names.length / PER_MESSAGE);
    await received(this.#client, expected);
    const answers = this.#client.messages.slice(this.#seen);
    this.#seen = expected;
    const refused = answers.find(({ successful }) => successful !== true);
    if (refused !== undefined) throw new Error(`could not ${what}: ${JSON.stringify(refused.error)}`);
  }

  async end(): Promise<void> {
    this.#client.send({ channel: "/meta/disconnect", clientId: this.#clientId });
    await received(this.#client, this.#seen + 1);
  }

  [Symbol.asyncDispose](): Promise<void> {
    return this.#client[Symbol.asyncDispose]();
  }
}

function received({ batches }: SocketClient, count: number): Promise<void> {
  return vi.waitFor(() => {
    const messages = batches.flat().length;
    if (messages < count) throw new Error(`${messages} answers instead of ${count}`);
  }, WAIT);
}
