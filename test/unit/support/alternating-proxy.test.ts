import { once } from "node:events";
import { Agent, createServer, request, type IncomingMessage, type Server } from "node:http";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { WebSocket, WebSocketServer } from "ws";
import { AlternatingProxy } from "../../support/alternating-proxy.ts";

const HOST = "127.0.0.1";

describe("AlternatingProxy", () => {
  let targets: Server[];
  let proxy: AlternatingProxy;
  let agent: Agent;

  beforeEach(async () => {
    targets = await Promise.all(["one", "two"].map((name) => startTarget(name)));
    proxy = await AlternatingProxy.start(...targets.map((target) => ({ host: HOST, port: portOf(target) })));
    agent = new Agent({ keepAlive: true, maxSockets: 1 });
  });

  afterEach(async () => {
    agent.destroy();
    await proxy[Symbol.asyncDispose]();
    for (const target of targets) {
      target.close();
      target.closeAllConnections();
    }
  });

  const post = async (body: string): Promise<{ status: number; text: string; clientPort: number }> => {
    const outgoing = request({ host: HOST, port: proxy.port, method: "POST", agent });
    outgoing.end(body);
    const [answer] = (await once(outgoing, "response")) as [IncomingMessage];
    const clientPort = outgoing.socket?.localPort ?? 0;
    const text = (await answer.toArray()).join("");
    return { status: answer.statusCode ?? 0, text, clientPort };
  };

  it("sends the requests of one kept-alive connection to its targets in turn", async () => {
    const answers = [await post("a"), await post("b"), await post("c"), await post("d")];
    expect(answers.map(({ text }) => text)).toEqual(["one a", "two b", "one c", "two d"]);
    expect(new Set(answers.map(({ clientPort }) => clientPort)).size).toBe(1);
    expect(proxy.counts).toEqual([2, 2]);
  });

  it("opens WebSockets at its targets in turn", async () => {
    const heard: string[] = [];
    for (const _ of [1, 2, 3]) {
      const socket = new WebSocket(`ws://${HOST}:${proxy.port}/`);
      const [message] = await once(socket, "message");
      heard.push(String(message));
      socket.close();
      await once(socket, "close");
    }
    expect(heard).toEqual(["one", "two", "one"]);
  });

  it("answers for a target that is away, and does not ask another", async () => {
    targets[0]?.close();
    expect((await post("a")).status).toBe(502);
    expect((await post("b")).text).toBe("two b");
  });
});

async function startTarget(name: string): Promise<Server> {
  const server = createServer((incoming, response) => {
    void incoming.toArray().then((chunks) => response.end(`${name} ${chunks.join("")}`));
  });
  new WebSocketServer({ server }).on("connection", (socket) => socket.send(name));
  server.listen(0, HOST);
  await once(server, "listening");
  return server;
}

function portOf(server: Server): number {
  const address = server.address();
  return typeof address === "object" && address !== null ? address.port : 0;
}
