import { describe, expect, it } from "vitest";
import { parseOne, refusalOf } from "./parse-one.ts";

describe("a handshake", () => {
  const handshake = { channel: "/meta/handshake", version: "1.0", supportedConnectionTypes: ["websocket"] };

  it("says which connection types it has", () => {
    expect(parseOne({ ...handshake, id: "1", ext: { tailspin: { name: "alice" } } })).toEqual({
      type: "handshake",
      id: "1",
      channel: "/meta/handshake",
      ext: { tailspin: { name: "alice" } },
      connectionTypes: ["websocket"],
    });
  });

  it.each([undefined, null, 1, {}])("needs a version, which %j is not", (version) => {
    expect(refusalOf({ ...handshake, version }).error.field).toBe(
      "400:version:The field version must be a string such as 1.0",
    );
  });

  it.each([undefined, null, "websocket", [1], {}])("needs connection types, which %j are not", (types) => {
    expect(refusalOf({ ...handshake, supportedConnectionTypes: types }).error.field).toBe(
      "400:supportedConnectionTypes:The field supportedConnectionTypes must be an array of strings",
    );
  });

  it.each([
    ["1.0", undefined],
    ["1", undefined],
    ["1.0", "1.0"],
    ["1.0", "0.9"],
    ["1.0", "1.0beta"],
    ["1.7", "1.0"],
    ["2.0", "1.0"],
    ["10.0", "1"],
  ])("of version %s with the minimum %s is served", (version, minimumVersion) => {
    expect(parseOne({ ...handshake, version, minimumVersion }).type).toBe("handshake");
  });

  it.each([
    ["9.9", "9.9"],
    ["2.0", undefined],
    ["0.9", undefined],
    ["0.9", "0.1"],
    ["1.7", "1.7"],
    ["2.0", "1.5"],
    ["", undefined],
    ["one", undefined],
    ["1.0\n", undefined],
    ["1.0", "one"],
    ["1".repeat(1000), undefined],
  ])("of version %s with the minimum %s is refused", (version, minimumVersion) => {
    expect(refusalOf({ ...handshake, version, minimumVersion }).error.which).toBe("unsupportedVersion");
  });

  it("is refused for a minimum version that is no string", () => {
    expect(refusalOf({ ...handshake, minimumVersion: 1 }).error.args).toEqual(["minimumVersion"]);
  });
});

describe("a connect", () => {
  const connect = { channel: "/meta/connect", clientId: "c", connectionType: "long-polling" };

  it("says how it wants to be held", () => {
    expect(parseOne({ ...connect, id: "4", advice: { timeout: 0 } })).toEqual({
      type: "connect",
      id: "4",
      channel: "/meta/connect",
      ext: {},
      clientId: "c",
      connectionType: "long-polling",
      timeoutMs: 0,
    });
  });

  it.each([undefined, null, 1, "x", {}, { timeout: "0" }, { timeout: -1 }, { timeout: null }])(
    "with the advice %j leaves the time to the server",
    (advice) => {
      expect(parseOne({ ...connect, advice })).toMatchObject({ type: "connect", timeoutMs: undefined });
    },
  );

  it.each([undefined, "", 7, null])("without a session is told to start anew: clientId %j", (clientId) => {
    expect(refusalOf({ ...connect, clientId }).error.field).toBe("402::session_unknown");
  });

  it.each([undefined, null, 1, ["websocket"]])("needs a connection type, which %j is not", (connectionType) => {
    expect(refusalOf({ ...connect, connectionType }).error.field).toBe(
      "400:connectionType:The field connectionType must be a string",
    );
  });
});

describe.each(["subscribe", "unsubscribe"])("an %s", (type) => {
  const change = { channel: `/meta/${type}`, clientId: "c" };

  it.each([["/a/b"], ["/*"], ["/presence/lobby"], ["/service/echo"]])("takes %s", (subscription) => {
    expect(parseOne({ ...change, id: "1", subscription })).toEqual({
      type,
      id: "1",
      channel: change.channel,
      ext: {},
      clientId: "c",
      names: [subscription],
      subscription,
    });
  });

  it("takes an array, each name once, and keeps it as it came", () => {
    const subscription = ["/a", "/b/*", "/a"];
    expect(parseOne({ ...change, subscription })).toMatchObject({ names: ["/a", "/b/*"], subscription });
  });

  it("takes as many names as the limit, and not one more", () => {
    expect(parseOne({ ...change, subscription: ["/a", "/b", "/c", "/a"] }).type).toBe(type);
    expect(refusalOf({ ...change, subscription: ["/a", "/b", "/c", "/d"] }).error.field).toBe(
      "429:subscription,3:Too many",
    );
  });

  it.each([undefined, null, 1, [], {}, ["/a", 1], [["/a"]]])("needs channels, which %j are not", (subscription) => {
    const refused = refusalOf({ ...change, subscription });
    expect(refused.error.field).toBe(
      "400:subscription:The field subscription must be a channel or an array of channels",
    );
    expect(refused.subscription).toBeUndefined();
  });

  it.each([
    ["nope", "badChannel"],
    ["/meta/connect", "forbidden"],
    ["/" + "a".repeat(40), "tooLong"],
  ])("is refused as a whole for one bad name, and echoes all of them: %s", (bad, which) => {
    const refused = refusalOf({ ...change, subscription: ["/a/b", bad] });
    expect(refused.error.which).toBe(which);
    expect(refused.subscription).toEqual(["/a/b", bad]);
  });

  it("without a session is told to start anew", () => {
    expect(refusalOf({ ...change, clientId: undefined, subscription: "/a" }).error.field).toBe("402::session_unknown");
  });
});

describe("a disconnect", () => {
  it("names its session", () => {
    expect(parseOne({ channel: "/meta/disconnect", clientId: "c", id: "1" })).toEqual({
      type: "disconnect",
      id: "1",
      channel: "/meta/disconnect",
      ext: {},
      clientId: "c",
    });
    expect(refusalOf({ channel: "/meta/disconnect" }).error.field).toBe("402::session_unknown");
  });
});

describe("a publish", () => {
  it.each([null, 0, "", false, [], {}, { text: "hello" }])("carries the data %j", (data) => {
    expect(parseOne({ channel: "/foo", clientId: "c", data })).toMatchObject({ type: "publish", data });
  });

  it("needs data", () => {
    expect(refusalOf({ channel: "/foo", clientId: "c" }).error.field).toBe(
      "400:data:The field data must be any JSON value",
    );
  });

  it("needs a session", () => {
    expect(refusalOf({ channel: "/foo", data: 1 }).error.field).toBe("402::session_unknown");
  });

  it("reaches service channels", () => {
    expect(parseOne({ channel: "/service/echo", clientId: "c", data: 1 }).type).toBe("publish");
  });

  it.each(["/meta", "/meta/", "/meta/foo", "/meta/connect/", "/meta/handshake/x", "/meta/*", "/meta/__proto__"])(
    "to %s is forbidden: nobody publishes to meta channels",
    (channel) => {
      expect(refusalOf({ channel, clientId: "c", data: 1 }).error.field).toBe(
        `403:${channel}:This channel does not allow that`,
      );
    },
  );

  it.each(["/foo/*", "/**", "foo", "/a b", "/é"])("to %s is refused: it is no channel", (channel) => {
    expect(refusalOf({ channel, clientId: "c", data: 1 }).error.which).toBe("badChannel");
  });

  it("to a long name is refused, and the answer does not repeat all of it", () => {
    const refused = refusalOf({ channel: "/" + "a".repeat(1_000), clientId: "c", data: 1 });
    expect(refused.error.field).toBe("413:channel,40:Too long");
    expect(refused.channel).toHaveLength(40);
  });
});
