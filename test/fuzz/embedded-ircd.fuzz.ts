import { setImmediate as nextTurn } from "node:timers/promises";
import fc from "fast-check";
import { pino } from "pino";
import { expect, it } from "vitest";
import { COMMANDS } from "../../bridges/irc/embedded/commands/table.ts";
import { LineSplitter, TOO_LONG } from "../../bridges/irc/embedded/line-splitter.ts";
import { foldCase } from "../../bridges/irc/embedded/names.ts";
import type { Realm } from "../../bridges/irc/embedded/realm.ts";
import { FakeServer, type FakePeer } from "../unit/bridges/irc/embedded/fake-socket.ts";

const name = fc.constantFrom("ann", "bob", "cas", "#a", "#b", "#A", "*", "", "0", "#", "ann,bob,#a", "#a,#b", "a!b@c");
const modes = fc.stringMatching(/^[+-]?[+imnstklovbxZ-]{0,8}$/);
const text = fc.oneof(
  fc.string({ unit: "binary", maxLength: 40 }),
  name.map((value) => `:${value} x`),
);
const param = fc.oneof({ weight: 4, arbitrary: name }, { weight: 2, arbitrary: modes }, { weight: 1, arbitrary: text });
const tags = fc.oneof(
  fc.constant(""),
  fc.string({ maxLength: 30 }).map((value) => `@+x=1;${value} `),
);
const command = fc.oneof(
  { weight: 9, arbitrary: fc.constantFrom(...COMMANDS.keys()) },
  { weight: 1, arbitrary: fc.string({ maxLength: 6 }) },
);
const line = fc
  .tuple(tags, command, fc.array(param, { maxLength: 5 }))
  .map(([prefix, verb, params]) => Buffer.from(`${prefix}${[verb, ...params].join(" ")}\r\n`));
const input = fc.oneof(
  { weight: 8, arbitrary: line },
  { weight: 1, arbitrary: fc.uint8Array({ maxLength: 60 }).map((bytes) => Buffer.from(bytes)) },
  { weight: 1, arbitrary: fc.nat(6_000).map((length) => Buffer.from(`PRIVMSG #a :${"x".repeat(length)}\n`)) },
);

it("lives through any lines, and its tables stay consistent", async () => {
  const faults: string[] = [];
  const log = pino({ level: "error" }, { write: (fault: string) => void faults.push(fault) });
  const server = new FakeServer({}, log);
  const peers: (FakePeer | undefined)[] = [];
  let sent = 0;
  const hear = async (): Promise<void> => {
    for (const peer of peers) {
      for (const heard of (await peer?.heard()) ?? []) {
        sent += 1;
        expect(heard).not.toMatch(/[\r\n\0]/);
      }
    }
  };
  await fc.assert(
    fc.asyncProperty(fc.nat(3), input, fc.nat(20), async (who, bytes, luck) => {
      let peer = peers[who];
      if (peer === undefined || peer.connection.closedMs !== null) {
        peer = server.connect();
        peers[who] = peer;
        const nick = ["ann", "bob", "cas", "dan"][who];
        peer.connection.receive(
          Buffer.from(`NICK ${nick}\nUSER ${nick} 0 * :x\nCAP REQ message-tags\nCAP END\nJOIN #a\n`),
        );
      }
      peer.connection.receive(bytes);
      if (luck === 0) peer.connection.peerEnded();
      server.nowMs += luck * 100;
      server.realm.sweep();
      expectConsistent(server.realm);
      if (luck < 3) await hear();
    }),
    { numRuns: 10_000 },
  );
  await nextTurn();
  await hear();
  expect(faults).toEqual([]);
  expect(sent).toBeGreaterThan(10_000);
});

it("cuts any bytes into the same lines, whatever the chunks", () => {
  const lines = (chunks: readonly Uint8Array[]): (string | typeof TOO_LONG)[] => {
    const splitter = new LineSplitter(8);
    return chunks.flatMap((chunk) => {
      splitter.push(Buffer.from(chunk));
      const found = [];
      for (let next = splitter.next(); next !== undefined; next = splitter.next()) found.push(next);
      return found;
    });
  };
  const byte = fc.oneof(fc.constantFrom(10, 13, 32), fc.nat(255));
  const chunk = fc.array(byte, { maxLength: 12 }).map((bytes) => Uint8Array.from(bytes));
  fc.assert(
    fc.property(fc.array(chunk, { maxLength: 8 }), (chunks) => {
      const whole = Buffer.concat(chunks);
      const expected = whole
        .toString("latin1")
        .split(/[\r\n]/)
        .slice(0, -1);
      const kept = expected.filter((found) => found !== "").map((found) => (found.length > 8 ? TOO_LONG : found));
      expect(lines(chunks)).toEqual(kept);
      expect(lines([whole])).toEqual(kept);
    }),
    { numRuns: 10_000 },
  );
});

/** Nicks belong to connected clients, and members and channels know each other. */
function expectConsistent(realm: Realm): void {
  const nicks = new Set<string>();
  for (const client of realm.clients) {
    if (client.connection.closedMs !== null) throw new Error(`closed, but not gone: ${client.nick}`);
    if (client.nick !== "" && realm.nickHolder(client.nick) !== client) throw new Error(`nick lost: ${client.nick}`);
    if (client.isRegistered && (client.nick === "" || client.user === "")) throw new Error("registered without a name");
    if (nicks.has(foldCase(client.nick)) && client.nick !== "") throw new Error(`nick twice: ${client.nick}`);
    nicks.add(foldCase(client.nick));
    for (const key of client.channels) {
      if (realm.channels.get(key)?.members.has(client) !== true) throw new Error(`not a member: ${key}`);
    }
  }
  for (const [key, channel] of realm.channels) {
    if (channel.members.size === 0) throw new Error(`empty channel: ${key}`);
    if (foldCase(channel.name) !== key) throw new Error(`channel under a wrong name: ${key}`);
    for (const member of channel.members.keys()) {
      if (!realm.clients.has(member) || !member.channels.has(key)) throw new Error(`ghost in ${key}: ${member.nick}`);
    }
  }
}
