import { once } from "node:events";
import { type AddressInfo, connect, createServer } from "node:net";
import { describe, expect, it, vi } from "vitest";
import { Gate } from "../../support/gate.ts";

/** However busy the machine is. */
const eventually = (check: () => void) => vi.waitFor(check, { timeout: 15_000, interval: 5 });

describe("Gate", () => {
  it("keeps back what says something, and what follows it, on that connection alone", async () => {
    const heard: string[] = [];
    const server = createServer((socket) => {
      const index = heard.push("") - 1;
      socket.on("data", (chunk: Buffer) => (heard[index] += chunk.toString()));
    });
    server.listen(0, "127.0.0.1");
    await once(server, "listening");
    const { port } = server.address() as AddressInfo;
    {
      await using gate = await Gate.start({ host: "127.0.0.1", port });
      const first = connect({ host: gate.host, port: gate.port });
      await once(first, "connect");
      const kept = gate.keepBack("prepared");
      first.write("registered;");
      await eventually(() => expect(heard).toEqual(["registered;"]));
      first.write('{"prep');
      await eventually(() => expect(heard).toEqual(['registered;{"prep']));
      first.write('ared"}');
      await kept;
      first.write("more");
      gate.passAll();
      const second = connect({ host: gate.host, port: gate.port });
      second.write('{"prepared"}');
      await eventually(() => expect(heard).toEqual(['registered;{"prep', '{"prepared"}']));
      for (const socket of [first, second]) socket.destroy();
    }
    server.close();
  });
});
