import { once } from "node:events";
import { type AddressInfo, connect, createServer, type Socket } from "node:net";
import { setTimeout as after } from "node:timers/promises";
import { describe, expect, it } from "vitest";
import { CUT_MOMENTS, CuttingProxy } from "../support/cutting-proxy.ts";
import { seeded } from "../support/seeded.ts";

/** Echoes whatever is said, and knows who is there. */
async function startEcho() {
  const sockets = new Set<Socket>();
  const server = createServer((socket) => {
    sockets.add(socket);
    socket.on("error", () => undefined);
    socket.once("close", () => sockets.delete(socket));
    socket.pipe(socket);
  });
  server.listen(0, "127.0.0.1");
  await once(server, "listening");
  const { port } = server.address() as AddressInfo; // Listening on TCP.
  return {
    host: "127.0.0.1",
    port,
    sockets,
    [Symbol.asyncDispose]: async () => {
      for (const socket of sockets) socket.destroy();
      server.close();
      await once(server, "close");
    },
  };
}

describe("CuttingProxy", () => {
  it("passes everything on, both ways, while it is not told to cut", async () => {
    await using echo = await startEcho();
    await using proxy = await CuttingProxy.start([echo], seeded(1));
    const client = connect(proxy.port, proxy.host);
    let heard = "";
    client.on("data", (chunk: Buffer) => (heard += chunk.toString()));
    const said = Array.from({ length: 100 }, (_, index) => `${index} `.repeat(100)).join("");
    client.end(said);
    await once(client, "close");
    expect(heard).toBe(said);
    expect(proxy.cuts).toEqual([]);
  });

  it("cuts as often as it is told, in more than one way, and what comes back is what was said, up to the cut", async () => {
    await using echo = await startEcho();
    await using proxy = await CuttingProxy.start([echo], seeded(2));
    let isOver = false;
    const talk = async (): Promise<void> => {
      while (!isOver) {
        const client = connect(proxy.port, proxy.host);
        let [said, heard] = ["", ""];
        client.on("error", () => undefined);
        client.on("data", (chunk: Buffer) => (heard += chunk.toString()));
        const closed = new Promise((resolve) => client.once("close", resolve));
        const speak = setInterval(() => {
          said += "hello ";
          client.write("hello ");
        }, 2);
        await Promise.race([closed, after(200)]);
        clearInterval(speak);
        client.destroy();
        expect(said.startsWith(heard)).toBe(true);
      }
    };
    const talking = talk();
    await proxy.cut(25);
    isOver = true;
    await talking;
    expect(proxy.cuts).toHaveLength(25);
    expect(new Set(proxy.cuts.map(({ moment }) => moment)).size).toBeGreaterThan(CUT_MOMENTS.length / 2);
    for (const { startMs, endMs } of proxy.cuts) expect(endMs - startMs).toBeLessThan(1_000);
  });
});

describe("seeded numbers", () => {
  it("are the same for the same seed, others for another, and spread over their range", () => {
    const draw = (seed: string) => Array.from({ length: 1_000 }, seeded(seed));
    expect(draw("a")).toEqual(draw("a"));
    expect(draw("a")).not.toEqual(draw("b"));
    const mean = draw("a").reduce((sum, value) => sum + value, 0) / 1_000;
    expect(mean).toBeGreaterThan(0.45);
    expect(mean).toBeLessThan(0.55);
  });
});
