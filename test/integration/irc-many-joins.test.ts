import { expect, it } from "vitest";
import { IrcBench } from "../support/irc-bench.ts";
import { FakeIrcd } from "../unit/bridges/irc/fake-ircd.ts";

const CHANNELS = 200;
const MAX_JOINS = 64;

it("asks a server for so many channels at a time, and comes into all of them", async () => {
  await using ircd = await FakeIrcd.start();
  let asked = 0;
  let most = 0;
  ircd.script = ({ nick, send }, command, line) => {
    if (command !== "JOIN") return false;
    const [, ircChannel = ""] = line.split(" ");
    asked += 1;
    most = Math.max(most, asked);
    // When all that came with it has been read.
    setImmediate(() => {
      asked -= 1;
      send(`:${nick}!u@h JOIN ${ircChannel}`);
      send(`:srv 366 ${nick} ${ircChannel} :End of NAMES list`);
    });
    return true;
  };
  await using bench = new IrcBench(ircd.port);
  await bench.inbox.isUp();
  const names = Array.from({ length: CHANNELS }, (_, index) => `/many${index}`);
  const joins = names.map((name) => bench.join(name));
  // One that is left before its turn is not asked for.
  await bench.network.leave("/many199");
  expect((await Promise.all(joins)).filter((result) => result === "accepted")).toHaveLength(CHANNELS - 1);
  expect(most).toBeGreaterThan(1);
  expect(most).toBeLessThanOrEqual(MAX_JOINS);
  expect(ircd.lines.filter((line) => / (JOIN|PART) #many199$/.test(line))).toEqual([]);
  expect(bench.warnings).toEqual([]);
});
