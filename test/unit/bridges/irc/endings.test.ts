import { describe, expect, it } from "vitest";
import { explain } from "../../../../bridges/irc/endings.ts";

describe("explain", () => {
  // What ngIRCd, InspIRCd, Ergo and the networks of the hybrid family say.
  it.each([
    ["Bad password", "464", "password"],
    ["Access denied: Bad password?", null, "password"],
    ["You are banned from this server", "465", "banned"],
    ["Closing link: (tailspin@127.0.0.1) [K-lined: spam]", null, "banned"],
    ["Closing link: (unknown@127.0.0.1) [Access denied by configuration]", null, "banned"],
    ["Too many connections from your IP address", null, "throttled"],
    ["Trying to reconnect too fast.", null, "throttled"],
    ["Closing link: (tailspin@127.0.0.1) [RecvQ exceeded]", null, "flood"],
    ["Closing Link: localhost (Excess Flood)", null, "flood"],
    ["Request too long", null, "flood"],
    ["Max SendQ exceeded", null, "sendQueue"],
    ["killed by oper: go", "KILL", "killed"],
    ["Nick collision", null, "collision"],
    ["self-signed certificate", "DEPTH_ZERO_SELF_SIGNED_CERT", "untrusted"],
    ["wrong version number", "ERR_SSL_WRONG_VERSION_NUMBER", "noTls"],
    ["connect ECONNREFUSED 127.0.0.1:6667", "ECONNREFUSED", "unreachable"],
    ["read ECONNRESET", "ECONNRESET", "wordless"],
    ["the server closed the connection", null, "wordless"],
  ])("knows what %j (%s) is about", (reason, code, kind) => {
    const ending = explain(reason, code, false);
    expect(ending).toMatchObject({ reason, kind });
    expect(ending.hint).not.toBe("");
  });

  it("makes nothing of words that it does not know", () => {
    expect(explain("so long", null, true)).toEqual({
      reason: "so long",
      kind: null,
      hint: null,
      isRefusal: false,
      wasStable: true,
    });
  });

  it("waits long only where the server refused who we are", () => {
    const isRefusal = (reason: string): boolean => explain(reason, null, false).isRefusal;
    expect(["Bad password", "G-lined", "Throttled"].map(isRefusal)).toEqual([true, true, true]);
    expect(["Excess Flood", "Server shutdown", "Ping timeout"].map(isRefusal)).toEqual([false, false, false]);
  });
});
