import { randomBytes } from "node:crypto";
import { pino } from "pino";
import { expect, it, vi } from "vitest";
import { Dispatcher, dispatcherSchema } from "../../dispatcher/index.ts";
import { FaultCounter, type Frame, type Link, type LinkOwner, LinkServer, linkSchema } from "../../link/index.ts";
import { ALICE, connectMessage, post, publishMessage, repliesOf } from "../support/dispatchers.ts";
import { answerAll, messagesOf, payload } from "../support/fake-bridge.ts";
import { SocketClient } from "../support/socket-client.ts";

const log = pino({ level: "silent" });

/** Answers what comes in over a real link. */
class Answering implements LinkOwner {
  link: Link | null = null;
  readonly sockets: number[] = [];
  onUp(link: Link): void {
    this.link = link;
  }
  onFrame(link: Link, frame: Frame): void {
    if (frame.type === "closed") link.send({ type: "freed", connection: frame.connection });
    if (frame.type !== "request") return;
    if (frame.isSocket) this.sockets.push(frame.connection);
    for (const answer of answerAll(frame, messagesOf(frame))) link.send(answer);
  }
  onDrain(): void {}
  onDown(): void {
    this.link = null;
  }
}

it("serves browsers over real links, and comes back when a link was cut", async () => {
  const owner = new Answering();
  await using server = await LinkServer.listen({
    host: "127.0.0.1",
    port: 0,
    peer: { role: "bridge", name: "bridge", instance: "b1", routes: 64, node: 1, nodes: 1 },
    secret: "shared",
    owner,
    log,
    faults: new FaultCounter(log, Date.now),
    config: linkSchema.parse({}),
    randomBytes,
  });
  await using dispatcher = await Dispatcher.start({
    config: dispatcherSchema.parse({ port: 0, bridges: [`127.0.0.1:${server.port}`] }),
    routes: 64,
    secret: "shared",
    log,
  });
  await dispatcher.ready();
  expect(await repliesOf(post(dispatcher, [publishMessage(ALICE)]))).toMatchObject([{ successful: true }]);

  await using client = await SocketClient.open(dispatcher.port);
  client.send(connectMessage(ALICE, "held", "websocket"));
  await vi.waitFor(() => expect(owner.sockets).toHaveLength(1));
  const recipients = Uint32Array.from(owner.sockets);
  owner.link?.send({ type: "deliver", seq: 1, recipients, payload: payload({ channel: "/lobby", data: "hello" }) });
  await vi.waitFor(() => expect(client.messages).toMatchObject([{ data: "hello" }]));

  owner.link?.close("a cut");
  await vi.waitFor(() => expect(client.messages[1]).toMatchObject({ id: "held", successful: false }));
  await vi.waitFor(() => expect(dispatcher.health().bridges.up).toBe(1), 5_000);
  expect(await repliesOf(post(dispatcher, [publishMessage(ALICE)]))).toMatchObject([{ successful: true }]);
});
