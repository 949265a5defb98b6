import { describe, expect, it } from "vitest";
import { RawIrc } from "../support/raw-irc.ts";
import { SERVERS, type TestServer } from "../support/servers.ts";

const talks = async (server: TestServer): Promise<void> => {
  await using ann = await RawIrc.login(server, "ann", "#lobby");
  await using bob = await RawIrc.login(server, "bob", "#lobby");
  bob.say("#lobby", "hello");
  expect(await ann.waitFor(/PRIVMSG/)).toMatch(/bob!.* PRIVMSG #lobby :hello$/);
};

describe.each(Object.entries(SERVERS))("the test server %s", (name, start) => {
  it("carries a message, and keeps its address over stop, kill and start", async () => {
    await using server = await start();
    const { port } = server;
    expect(server.name).toBe(name);
    await talks(server);
    await server.stop();
    await expect(RawIrc.connect(server.host, port)).rejects.toThrow("could not connect");
    await server.start();
    await talks(server);
    await server.kill();
    await expect(RawIrc.connect(server.host, port)).rejects.toThrow("could not connect");
    await server.start();
    await talks(server);
    expect(server.port).toBe(port);
  });

  it("answers nothing while it is frozen, and everything after", async () => {
    await using server = await start();
    await using ann = await RawIrc.login(server, "ann");
    await server.freeze();
    ann.send("PING :are-you-there");
    await expect(ann.waitFor(/PONG/, 300)).rejects.toThrow("not within 300 ms");
    await server.thaw();
    await ann.waitFor(/PONG .*are-you-there/);
  });

  it("is gone when it is disposed of", async () => {
    const server = await start();
    await server[Symbol.asyncDispose]();
    await server[Symbol.asyncDispose]();
    await expect(RawIrc.connect(server.host, server.port)).rejects.toThrow("could not connect");
  });
});
