import { ircLineParser } from "irc-framework";
import { beforeEach, describe, expect, it } from "vitest";
import { Channels } from "../../../../bridges/irc/channels.ts";
import { ircSchema } from "../../../../bridges/irc/config.ts";
import { Netsplits } from "../../../../bridges/irc/netsplits.ts";
import { Presence } from "../../../../bridges/irc/presence.ts";
import { PLAIN_NAMING } from "../../../../bridges/naming.ts";

const MAX_NAME = 64;

describe("a split of the network", () => {
  let channels: Channels;
  let netsplits: Netsplits;
  let presence: Presence;
  let gaps: string[];
  const hear = (...lines: string[]): void => {
    for (const text of lines) {
      const line = ircLineParser(text);
      netsplits.onLine(line);
      presence.onLine(line, "tailspin1");
      channels.onLine(line, "tailspin1");
    }
  };
  const told = (): string[] => gaps.splice(0);

  beforeEach(async () => {
    gaps = [];
    const owner = { onJoined: () => {}, onLost: () => {}, onRefused: () => {} };
    channels = new Channels(
      ircSchema.parse({}),
      PLAIN_NAMING,
      () => {},
      owner,
      () => 0,
    );
    presence = new Presence({ isHidden: () => false, rankSigns: () => "@+", onChange: () => {} });
    netsplits = new Netsplits({
      channels,
      presence,
      inbox: () => ({ gap: (channel, reason, isLost) => gaps.push(`${channel} ${reason} ${String(isLost)}`) }),
    });
    await channels.onConnected();
    const joins = ["/a", "/b"].map((name) => channels.join(name, MAX_NAME));
    for (const [ircChannel, names] of [
      ["#a", "ann Bob"],
      ["#b", "bob eve"],
    ]) {
      hear(
        `:tailspin1!t@h JOIN ${ircChannel}`,
        `:srv 353 tailspin1 = ${ircChannel} :tailspin1 ${names}`,
        `:srv 366 tailspin1 ${ircChannel} :end`,
      );
    }
    await Promise.all(joins);
  });

  it("is told in the channels of those who go, as what no history has, and again when they are back", () => {
    hear(":bob!b@h QUIT :irc-a.test irc-b.test");
    expect(told()).toEqual([
      "/a the network is split: irc-a.test irc-b.test true",
      "/b the network is split: irc-a.test irc-b.test true",
    ]);
    hear(":BOB!b@h JOIN :#A");
    expect(told()).toEqual(["/a the network was split: irc-a.test irc-b.test true"]);
    hear(":bob!b@h PART #a", ":bob!b@h JOIN #a");
    expect(told()).toEqual([]);
  });

  it("is known on networks that hide their servers", () => {
    hear(":ann!a@h QUIT :*.net *.split");
    expect(told()).toEqual(["/a the network is split: *.net *.split true"]);
  });

  it.for(["Quit: a.b c.d", '"a.b c.d"', "Ping timeout: 20 seconds", "gone", "a.b", "a.b c.d e.f", "see you", ""])(
    "is not what somebody means who goes with the words %j",
    (reason) => {
      hear(`:ann!a@h QUIT :${reason}`, ":ann!a@h JOIN #a");
      expect(told()).toEqual([]);
    },
  );

  it("is forgotten where we are out, since we do not see who comes back", () => {
    hear(":bob!b@h QUIT :a.test b.test");
    told();
    const channel = channels.get("/a");
    if (channel) netsplits.forget(channel);
    hear(":bob!b@h JOIN #a", ":bob!b@h JOIN #b");
    expect(told()).toEqual(["/b the network was split: a.test b.test true"]);
    hear(":bob!b@h QUIT :a.test b.test");
    told();
    netsplits.clear();
    hear(":bob!b@h JOIN #a", ":bob!b@h JOIN #b");
    expect(told()).toEqual([]);
  });
});
