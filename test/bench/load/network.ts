/**
 * One end of a network under load, in a process of its own: the network of a bridge, or bare sockets that do the same
 * and no more. What it hears it counts, and acknowledges to the flood, past the server, so that it does not run ahead.
 */
import { randomUUID } from "node:crypto";
import { once } from "node:events";
import { connect } from "node:net";
import { pino } from "pino";
import { IrcNetwork, ircSchema } from "../../../bridges/irc/index.ts";
import type { Network, NetworkInbox, NetworkMessage } from "../../../bridges/network.ts";
import { makeXmppNetwork } from "../../contract/network/xmpp-fixture.ts";
import { argument, fail, report, serveCommands } from "./child.ts";
import { lineOf } from "./message.ts";
import type { Command, NetworkEndConfig, Report } from "./protocol.ts";
import { MarkCounter, markOf, RawChannel } from "./raw-channel.ts";

/** An end in a channel. */
interface End {
  /** Publishes so many at a time until the time is over. @returns how many were confirmed */
  confirm(outstanding: number, maxMs: number): Promise<number>;
}

const config = argument() as NetworkEndConfig;
const { place, channel, node, ackEvery, acksTo } = config;

/** As our network does. */
const HEARD_PER_ACKNOWLEDGEMENT = 32;
start().then((end) => {
  serveCommands((command) => serve(end, command));
  report({ type: "ready", port: 0 });
}, fail);

async function serve(end: End, command: Command): Promise<Report> {
  if (command.type !== "confirm") throw new Error(`a network's end was told "${command.type}"`);
  const startedMs = performance.now();
  const messages = await end.confirm(command.outstanding, command.maxMs);
  return { type: "confirmed", messages, elapsedMs: performance.now() - startedMs };
}

function start(): Promise<End> {
  return config.by === "raw" ? startRaw() : startOurs();
}

async function startRaw(): Promise<End> {
  const receiver = await RawChannel.enter(place, `receiver${node}`, channel);
  // As ours: IRC shows nobody his own messages, so another connection sends; a room shows them to all.
  const sender = place.kind === "irc" ? await RawChannel.enter(place, `sender${node}`, channel) : receiver;
  const counter = new MarkCounter(markOf(place));
  const onHeardOfOthers = await acknowledging();
  let unacknowledged = 0;
  let onHeard: ((count: number) => void) | null = null;
  receiver.onData((bytes) => {
    const count = counter.count(bytes);
    unacknowledged += count;
    if (unacknowledged >= HEARD_PER_ACKNOWLEDGEMENT) {
      unacknowledged = 0;
      receiver.acknowledge();
    }
    if (onHeard === null) onHeardOfOthers(count);
    else if (count > 0) onHeard(count);
  });
  // A sender is told of what others say too; nobody reads it.
  if (sender !== receiver) sender.onData(() => undefined);
  for (const end of [sender, receiver]) end.onEnd(() => fail(new Error("a raw connection was closed")));
  let number = 0;
  return {
    async confirm(outstanding, maxMs) {
      const deadlineMs = performance.now() + maxMs;
      const { promise, resolve } = Promise.withResolvers<number>();
      let [sent, heard] = [0, 0];
      const say = (count: number): void => {
        sender.say(number, count);
        number += count;
        sent += count;
      };
      onHeard = (count) => {
        heard += count;
        if (performance.now() < deadlineMs) say(count);
        else if (heard === sent) resolve(heard);
      };
      say(outstanding);
      const confirmed = await promise;
      onHeard = null;
      return confirmed;
    },
  };
}

async function startOurs(): Promise<End> {
  const network = makeNetwork();
  const name = `/${channel}`;
  /** Of the others' messages, and of our own: each must be the next. */
  const next = { theirs: 0, ours: 0 };
  let isConfirming = false;
  const onHeardOfOthers = await acknowledging();
  const up = Promise.withResolvers<void>();
  const inbox = {
    message({ data }: NetworkMessage): void {
      const { text } = data as { text: string };
      const number = Number.parseInt(text.slice(1), 10);
      const whose = isConfirming ? "ours" : "theirs";
      if (number !== next[whose]) fail(new Error(`heard ${number} instead of ${next[whose]}`));
      next[whose] = number + 1;
      if (!isConfirming) onHeardOfOthers(1);
    },
    up: () => up.resolve(),
    down: (reason: string) => fail(new Error(`the network went away: ${reason}`)),
    gap: (_: string, reason: string) => fail(new Error(`a gap: ${reason}`)),
    presence: () => undefined,
    announcement: () => undefined,
    peerJoined: () => undefined,
    peerLeft: () => undefined,
  } satisfies NetworkInbox;
  network.start(inbox);
  await up.promise;
  await network.join(name);
  let number = 0;
  return {
    async confirm(outstanding, maxMs) {
      const deadlineMs = performance.now() + maxMs;
      const before = number;
      isConfirming = true;
      const publisher = async (): Promise<void> => {
        while (performance.now() < deadlineMs) {
          const data = { text: lineOf(number++) };
          await network.publish(name, { data, from: null, originId: `o${number}` });
        }
      };
      await Promise.all(Array.from({ length: outstanding }, publisher));
      isConfirming = false;
      return number - before;
    },
  };
}

function makeNetwork(): Network {
  const { host, port } = place;
  if (place.kind === "xmpp") return makeXmppNetwork({ host, port, otherPorts: {} }, node, "user");
  const parts = { node, log: pino({ level: "silent" }), now: Date.now, random: Math.random, newId: randomUUID };
  return new IrcNetwork({ ...ircSchema.parse({ host, port }), host }, parts);
}

/** @returns what is told of every message heard, and says so to the flood every so often: a byte for each time */
async function acknowledging(): Promise<(count: number) => void> {
  const socket = connect({ host: "127.0.0.1", port: acksTo, noDelay: true });
  await once(socket, "connect");
  let [heard, told] = [0, 0];
  const tell = (): void => {
    const acks = Math.floor(heard / ackEvery) - told;
    told += acks;
    if (acks > 0) socket.write("a".repeat(acks));
  };
  return (count) => {
    heard += count;
    // Once per turn for all that it brings: many small floods are dearer to the server than a large one.
    if (heard - count < (told + 1) * ackEvery && heard >= (told + 1) * ackEvery) setImmediate(tell);
  };
}
