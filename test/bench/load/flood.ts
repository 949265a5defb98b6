/** Says as much in a channel as its listener acknowledges: one bare socket for each channel, in a process of its own. */
import { argument, fail, report, serveCommands } from "./child.ts";
import type { Command, FloodConfig, Report } from "./protocol.ts";
import { MarkCounter, marksOf, RawChannel } from "./raw-channel.ts";

const { place, channels, ackEvery, window } = argument() as FloodConfig;

interface Flooded {
  readonly raw: RawChannel;
  number: number;
  onAcks: (count: number) => void;
}

enter().then((flooded) => {
  serveCommands((command) => serve(flooded, command));
  report({ type: "ready", port: 0 });
}, fail);

async function enter(): Promise<ReadonlyMap<string, Flooded>> {
  const all = new Map<string, Flooded>();
  for (const channel of channels) {
    const raw = await RawChannel.enter(place, `flood${all.size}`, channel);
    const counter = new MarkCounter(marksOf(place).ack);
    const flooded: Flooded = { raw, number: 0, onAcks: () => undefined };
    raw.onData((bytes) => flooded.onAcks(counter.count(bytes)));
    raw.onEnd(() => fail(new Error("the server closed the connection of the flood")));
    all.set(channel, flooded);
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
  flooded.onAcks = (count) => {
    if (count === 0) return;
    heard += count * ackEvery;
    if (performance.now() < deadlineMs) say(count * ackEvery);
    else if (heard === sent) resolve(heard);
  };
  say(window);
  return promise;
}
