/** Says as much in a channel as its listener acknowledges: one bare socket for each channel, in a process of its own. */
import { once } from "node:events";
import { createServer, type AddressInfo, type Socket } from "node:net";
import { argument, fail, report, serveCommands } from "./child.ts";
import type { Command, FloodConfig, Report } from "./protocol.ts";
import { RawChannel } from "./raw-channel.ts";

const { place, channels, ackEvery, window } = argument() as FloodConfig;

interface Flooded {
  readonly raw: RawChannel;
  number: number;
}

/** Of the channel that is flooded now. */
let onAcks = (_count: number): void => undefined;

start().catch(fail);

async function start(): Promise<void> {
  const flooded = await enter();
  const server = createServer((socket: Socket) => {
    socket.on("data", (bytes) => onAcks(bytes.length)).on("error", fail);
  });
  await once(server.listen(0, "127.0.0.1"), "listening");
  serveCommands((command) => serve(flooded, command));
  report({ type: "ready", port: (server.address() as AddressInfo).port });
}

async function enter(): Promise<ReadonlyMap<string, Flooded>> {
  const all = new Map<string, Flooded>();
  for (const channel of channels) {
    const raw = await RawChannel.enter(place, `flood${all.size}`, channel);
    // Rooms show it what it says itself; nobody reads it.
    raw.onData(() => undefined);
    raw.onEnd(() => fail(new Error("the server closed the connection of the flood")));
    all.set(channel, { raw, number: 0 });
  }
  return all;
}

async function serve(all: ReadonlyMap<string, Flooded>, command: Command): Promise<Report> {
  const flooded = command.type === "flood" ? all.get(command.channel) : undefined;
  if (command.type !== "flood" || flooded === undefined) throw new Error("a flood was told what it cannot do");
  const startedMs = performance.now();
  const messages = await flood(flooded, startedMs + command.maxMs);
  return { type: "flooded", messages, elapsedMs: performance.now() - startedMs };
}

async function flood(flooded: Flooded, deadlineMs: number): Promise<number> {
  const { promise, resolve } = Promise.withResolvers<number>();
  let [sent, heard] = [0, 0];
  const say = (count: number): void => {
    flooded.raw.say(flooded.number, count);
    flooded.number += count;
    sent += count;
  };
  onAcks = (count) => {
    heard += count * ackEvery;
    if (performance.now() < deadlineMs) say(count * ackEvery);
    else if (heard === sent) resolve(heard);
  };
  say(window);
  return promise.finally(() => (onAcks = () => undefined));
}
