import { expect, it } from "vitest";
import { ECHO_MESSAGE, MESSAGE_TAGS, SERVER_TIME } from "../../../../../bridges/irc/embedded/caps.ts";
import { Outgoing } from "../../../../../bridges/irc/embedded/outgoing.ts";

const time = "2026-11-21T00:00:00.000Z";

it("gives each capability set its own tags, and the same string every time", () => {
  const message = new Outgoing(":a PRIVMSG #a :hi", { time, msgid: "m1", clientTags: "+x=1;+y" });
  expect(message.for(0)).toBe(":a PRIVMSG #a :hi\r\n");
  expect(message.for(ECHO_MESSAGE)).toBe(message.for(0));
  expect(message.for(SERVER_TIME)).toBe(`@time=${time} :a PRIVMSG #a :hi\r\n`);
  expect(message.for(MESSAGE_TAGS)).toBe("@msgid=m1;+x=1;+y :a PRIVMSG #a :hi\r\n");
  expect(message.for(MESSAGE_TAGS | SERVER_TIME)).toBe(`@msgid=m1;time=${time};+x=1;+y :a PRIVMSG #a :hi\r\n`);
});

it("puts no msgid on what is not a message", () => {
  expect(new Outgoing(":a JOIN #a", { time }).for(MESSAGE_TAGS)).toBe(":a JOIN #a\r\n");
});
