import { describe, expect, it } from "vitest";
import { completeLimits } from "../../../../../bridges/irc/embedded/limits.ts";
import { TOO_LONG } from "../../../../../bridges/irc/embedded/line-splitter.ts";
import { parseMessage } from "../../../../../bridges/irc/embedded/message.ts";

const limits = completeLimits();

describe("parseMessage", () => {
  it("parses command, parameters and a trailing text with its spaces", () => {
    const message = parseMessage("privmsg #lobby ::)  two  spaces ", limits);
    expect(message).toEqual({ clientTags: "", command: "PRIVMSG", params: ["#lobby", ":)  two  spaces "] });
  });

  it("ignores the prefix that a client claims", () => {
    expect(parseMessage(":somebody!else@here JOIN #a", limits)).toMatchObject({ command: "JOIN", params: ["#a"] });
  });

  it("keeps client-only tags byte for byte, and no others", () => {
    const message = parseMessage(
      "@+a=x\\sy;msgid=forged;+draft/Reply;time=1;+vendor.org/k=;+=bad;+b TAGMSG #a",
      limits,
    );
    expect(message).toMatchObject({ clientTags: "+a=x\\sy;+draft/Reply;+vendor.org/k=;+b" });
  });

  it("allows 510 bytes of line and 4,094 bytes of tags, and not one more", () => {
    const line = (bytes: number): string => `PRIVMSG #a :${"x".repeat(bytes - 12)}`;
    const tags = (bytes: number): string => `@+x=${"y".repeat(bytes - 3)} `;
    expect(parseMessage(tags(4_094) + line(510), limits)).toMatchObject({ command: "PRIVMSG" });
    expect(parseMessage(line(511), limits)).toBe(TOO_LONG);
    expect(parseMessage(tags(4_095) + line(20), limits)).toBe(TOO_LONG);
  });

  it.each(["", "   ", "@a=b", "@a=b ", ":prefix", ":prefix "])("finds no command in %j", (line) => {
    expect(parseMessage(line, limits)).toBeUndefined();
  });
});
