import { once } from "node:events";
import { connect, createServer, type AddressInfo, type Server, type Socket } from "node:net";
import { afterAll, beforeAll, describe, expect, it, vi } from "vitest";
import { RecordingInbox } from "../contract/network/inbox.ts";
import { makeXmppNetwork } from "../contract/network/xmpp-fixture.ts";
import { publication } from "../support/publication.ts";
import { startProsody, type TestServer } from "../support/servers.ts";
import { XMPP_SERVICE } from "../support/xmpp-service.ts";

const WAIT = { timeout: 15_000, interval: 5 };

/** A wire to a server, of which either direction can be made to lose everything, and which can be cut. */
class LossyWire implements AsyncDisposable {
  losesUp = false;
  losesDown = false;
  connections = 0;
  readonly #server: Server;
  readonly #sockets = new Set<Socket>();
  #upstream: Socket | null = null;

  private constructor(target: TestServer) {
    this.#server = createServer((client) => {
      this.connections += 1;
      const upstream = connect({ host: target.host, port: target.port, noDelay: true });
      this.#upstream = upstream;
      client.setNoDelay(true);
      client.on("data", (chunk) => this.losesUp || upstream.write(chunk));
      upstream.on("data", (chunk) => this.losesDown || client.write(chunk));
      for (const [socket, other] of [
        [client, upstream],
        [upstream, client],
      ] as const) {
        this.#sockets.add(socket);
        socket.on("error", () => undefined);
        socket.once("close", () => (this.#sockets.delete(socket), other.destroy()));
      }
    });
  }

  static async start(target: TestServer): Promise<LossyWire> {
    const wire = new LossyWire(target);
    wire.#server.listen(0, "127.0.0.1");
    await once(wire.#server, "listening");
    return wire;
  }

  get port(): number {
    return (this.#server.address() as AddressInfo).port;
  }

  /** Puts words into the client's mouth. */
  say(text: string): void {
    this.#upstream?.write(text);
  }

  cut(): void {
    this.losesUp = false;
    this.losesDown = false;
    for (const socket of this.#sockets) socket.destroy();
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.cut();
    this.#server.close();
    await once(this.#server, "close");
  }
}

describe("XmppNetwork, on a wire that loses things", () => {
  let server: TestServer;
  let nodes = 700;
  beforeAll(async () => (server = await startProsody()));
  afterAll(() => server[Symbol.asyncDispose]());

  async function start(port: number, stack: AsyncDisposableStack, times: Record<string, number> = {}) {
    const place = { host: "127.0.0.1", port, otherPorts: {} };
    const network = stack.use(makeXmppNetwork(place, (nodes += 1), "user", times));
    const inbox = new RecordingInbox();
    network.start(inbox);
    await inbox.isUp();
    return { network, inbox };
  }

  it.each([true, false])("finds out what became of messages, with something seen before: %s", async (isSeenBefore) => {
    await using stack = new AsyncDisposableStack();
    const wire = stack.use(await LossyWire.start(server));
    const lossy = await start(wire.port, stack);
    const witness = await start(server.port, stack);
    const channel = `/lossy/${nodes}`;
    await witness.network.join(channel);
    await lossy.network.join(channel);
    if (isSeenBefore) await lossy.network.publish(channel, publication({ text: "seen" }));
    const seen = isSeenBefore ? 1 : 0;

    wire.losesDown = true;
    const arrived = Array.from({ length: 20 }, (_, n) => lossy.network.publish(channel, publication({ text: `${n}` })));
    await vi.waitFor(() => expect(witness.inbox.messages).toHaveLength(20 + seen), WAIT);
    wire.losesUp = true;
    const never = lossy.network
      .publish(channel, publication({ text: "into the void" }))
      .catch((error: unknown) => error);
    wire.cut();
    await Promise.all(arrived);
    expect(await never).toMatchObject({ name: "NetworkError", kind: "unavailable" });

    // What was in the gap is in the history, after the last message that was seen.
    const since = lossy.inbox.messages.at(-1)?.id;
    expect(lossy.inbox.messages).toHaveLength(seen);
    const page = await lossy.network.history(channel, {
      since: since === undefined ? null : { id: since },
      limit: 100,
    });
    expect(page).toMatchObject({ isContiguous: true, hasMore: false });
    expect(page.messages.map(({ data }) => data)).toEqual(Array.from({ length: 20 }, (_, n) => ({ text: `${n}` })));
    expect(lossy.inbox.gaps.map((gap) => gap.channel)).toEqual([channel]);
    expect(witness.inbox.messages).toHaveLength(20 + seen);
  });

  it("comes back into a room that has lost it without a word", async () => {
    await using stack = new AsyncDisposableStack();
    const wire = stack.use(await LossyWire.start(server));
    const lossy = await start(wire.port, stack, { selfPingIntervalMs: 300 });
    const other = await start(server.port, stack);
    const channel = `/forgetful/${nodes}`;
    await lossy.network.join(channel);
    await other.network.join(channel);
    // It is made to leave, and does not hear that it has: the room sends nothing any more.
    wire.losesDown = true;
    wire.say(`<presence type="unavailable" to="forgetful.${nodes}@${XMPP_SERVICE.mucDomain}/tailspin${nodes - 1}"/>`);
    const left = (): boolean => other.inbox.calls.some((call) => call.startsWith(`peerLeft ${channel}`));
    await vi.waitFor(() => expect(left()).toBe(true), WAIT);
    wire.losesDown = false;
    await vi.waitFor(() => expect(lossy.inbox.gaps).toHaveLength(1), WAIT);
    expect(lossy.inbox.gaps[0]?.reason).toMatch("did not know us any more");
    await lossy.network.publish(channel, publication({ text: "back" }));
    expect(wire.connections).toBe(1);
  });
});
