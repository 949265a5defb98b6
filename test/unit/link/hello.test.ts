import { randomBytes } from "node:crypto";
import { describe, expect, it } from "vitest";
import { LinkError } from "../../../link/errors.ts";
import { ClientHello, type HelloSelf, RefusedError, ServerHello, refuse } from "../../../link/hello.ts";
import type { Peer } from "../../../link/link.ts";
import type { HelloFrame } from "../../../link/wire.ts";

const bridge: Peer = { role: "bridge", name: "b1", instance: "bi", routes: 1_024, node: 1, nodes: 2 };
const halod: Peer = { role: "halod", name: "h1", instance: "hi", routes: 1_024, node: 0, nodes: 8 };
const dispatcher: Peer = { role: "dispatcher", name: "d1", instance: "di", routes: 1_024, node: 0, nodes: 2 };

function self(peer: Peer, changes: Partial<HelloSelf> = {}): HelloSelf {
  return { peer, secret: "s3cret", maxFrameBytes: 1_000_000, randomBytes, ...changes };
}

function sent(frame: HelloFrame | null): HelloFrame {
  if (!frame) throw new Error("nothing was sent");
  return frame;
}

/** Runs a whole hello. @returns whom each side believes to talk to, and all that crossed the wire */
function meet(server: HelloSelf, client: HelloSelf): { seen: (Peer | null)[]; wire: Buffer } {
  const [s, c] = [new ServerHello(server), new ClientHello(client)];
  const challenge = s.open();
  const hello = sent(c.receive(challenge).send);
  const atServer = s.receive(hello);
  const welcome = sent(atServer.send);
  const atClient = c.receive(welcome);
  return {
    seen: [atServer.peer, atClient.peer],
    wire: Buffer.concat([challenge, hello, welcome].map((f) => f.payload)),
  };
}

function errorOf(run: () => unknown): LinkError {
  try {
    run();
  } catch (error) {
    if (error instanceof LinkError) return error;
    throw error;
  }
  throw new Error("there was no error");
}

describe("a hello", () => {
  it("lets both sides know each other", () => {
    expect(meet(self(bridge), self(dispatcher)).seen).toEqual([dispatcher, bridge]);
  });

  it("lets HaloD and its members know each other, however many nodes each counts", () => {
    for (const member of [bridge, dispatcher]) {
      const client = self({ ...member, nodes: 1_024 }, { serverRole: "halod" });
      expect(meet(self(halod), client).seen).toEqual([client.peer, halod]);
    }
  });

  it("is refused where another kind of process listens than the one expected", () => {
    const atBridge = errorOf(() => meet(self(bridge), self(dispatcher, { serverRole: "halod" })));
    expect(atBridge).toMatchObject({
      code: "role",
      message: "dispatcher d1 expects a halod here, and b1 is a bridge, node 1 of 2",
    });
    expect(errorOf(() => meet(self(halod), self(dispatcher))).message).toContain("expects a bridge here, and h1 is a");
    expect(errorOf(() => meet(self(bridge), self(halod))).message).toBe(
      "bridge b1 expects a dispatcher or a bridge here, and h1 is a halod, node 0 of 8",
    );
    expect(meet(self(halod), self(halod, { serverRole: "halod" })).seen).toEqual([halod, halod]);
  });

  it("does not show the secret on the wire, in any usual form", () => {
    const secret = "correct horse battery staple";
    const { wire } = meet(self(bridge, { secret }), self(dispatcher, { secret }));
    for (const encoding of ["utf8", "hex", "base64", "base64url", "utf16le"] as const) {
      expect(wire.includes(Buffer.from(secret).toString(encoding))).toBe(false);
    }
    expect(wire.includes(Buffer.from(secret, "utf16le"))).toBe(false);
  });

  it("works with an empty secret on both sides", () => {
    const empty = { secret: "" };
    expect(meet(self(bridge, empty), self(dispatcher, empty)).seen).toEqual([dispatcher, bridge]);
  });

  it.each([
    ["secret", "other", "s3cret"],
    ["secret", "", "s3cret"],
    ["secret", "s3cret", ""],
  ])("is refused when the %s differs: %j and %j", (code, ours, theirs) => {
    const error = errorOf(() => meet(self(bridge, { secret: ours }), self(dispatcher, { secret: theirs })));
    expect(error).toMatchObject({
      code,
      message: expect.stringContaining("bridge b1 and the dispatcher hold different"),
    });
    expect(error.message).not.toContain("s3cret");
  });

  it.each([
    ["routes", { routes: 512 }, "bridge b1 has 1024 routes, dispatcher d1 has 512; set the same for both"],
    ["nodes", { nodes: 3 }, "bridge b1 has 2 nodes, dispatcher d1 has 3; set the same for both"],
    ["role", { node: 1 }, "bridge b1 expects a dispatcher or a bridge here, and d1 is a dispatcher, node 1 of 2"],
    [
      "role",
      { role: "halod", node: 0 },
      "bridge b1 expects a dispatcher or a bridge here, and d1 is a halod, node 0 of 2",
    ],
  ] as const)("is refused when the peer is wrong: %s %j", (code, changes, message) => {
    const error = errorOf(() => meet(self(bridge), self({ ...dispatcher, ...changes })));
    expect(error).toMatchObject({ code, message });
  });

  it("is refused when the longest frames differ", () => {
    const error = errorOf(() => meet(self(bridge), self(dispatcher, { maxFrameBytes: 500_000 })));
    expect(error).toMatchObject({ code: "limits", message: expect.stringMatching(/1000000 .* 500000/) });
  });

  it("is refused by the dispatcher when another node answers than the one expected", () => {
    expect(meet(self(bridge), self(dispatcher, { expectedNode: 1 })).seen).toEqual([dispatcher, bridge]);
    const error = errorOf(() => meet(self(bridge), self(dispatcher, { expectedNode: 2 })));
    expect(error).toMatchObject({ code: "node", message: expect.stringMatching(/expects node 2 .* b1 is node 1/) });
  });

  it("is refused by the dispatcher when a node beyond the last answers", () => {
    expect(errorOf(() => meet(self({ ...bridge, node: 3 }), self(dispatcher))).code).toBe("role");
  });

  it("is refused by either side when the versions differ, with both versions in the text", () => {
    const nonce = randomBytes(32).toString("hex");
    const challenge = { type: "challenge", payload: Buffer.from(JSON.stringify({ version: 6, nonce })) } as const;
    const atClient = errorOf(() => new ClientHello(self(dispatcher)).receive(challenge));
    expect(atClient).toMatchObject({
      code: "version",
      message: expect.stringMatching(/dispatcher speaks version 5.*version 6/),
    });
    const hello = Buffer.concat([Buffer.alloc(32), Buffer.from('{"version":6,"unknown":true}')]);
    const atServer = errorOf(() => new ServerHello(self(bridge)).receive({ type: "hello", payload: hello }));
    expect(atServer).toMatchObject({
      code: "version",
      message: expect.stringMatching(/bridge speaks version 5.*version 6/),
    });
  });

  it("cannot be replayed: the same hello does not answer another challenge", () => {
    const client = new ClientHello(self(dispatcher));
    const hello = sent(client.receive(new ServerHello(self(bridge)).open()).send);
    expect(errorOf(() => new ServerHello(self(bridge)).receive(hello)).code).toBe("secret");
  });

  it("is refused when one byte of what was said is altered", () => {
    const server = new ServerHello(self(bridge));
    const hello = sent(new ClientHello(self(dispatcher)).receive(server.open()).send);
    const altered = Buffer.from(hello.payload.toString("latin1").replace('"d1"', '"d2"'), "latin1");
    expect(errorOf(() => server.receive({ type: "hello", payload: altered })).code).toBe("secret");
  });

  it("does not take a bridge for one that only repeats the dispatcher's own proof", () => {
    const client = new ClientHello(self(dispatcher));
    const hello = sent(client.receive(new ServerHello(self(bridge)).open()).send);
    expect(errorOf(() => client.receive({ type: "welcome", payload: hello.payload })).code).toBe("secret");
  });

  it("does not take a bridge that does not know the secret", () => {
    const client = new ClientHello(self(dispatcher));
    client.receive(new ServerHello(self(bridge)).open());
    const welcome = Buffer.concat([
      Buffer.alloc(32),
      Buffer.from(JSON.stringify({ peer: bridge, maxFrameBytes: 1_000_000 })),
    ]);
    expect(errorOf(() => client.receive({ type: "welcome", payload: welcome })).code).toBe("secret");
  });

  it.each(["", "{", "[]", "null", '{"version":5}', '{"version":"5"}', "\u0000"])(
    "refuses a challenge of %j",
    (text) => {
      const payload = Buffer.from(text);
      expect(errorOf(() => new ClientHello(self(dispatcher)).receive({ type: "challenge", payload })).code).toBe(
        "malformed",
      );
      const hello = Buffer.concat([Buffer.alloc(32), payload]);
      expect(errorOf(() => new ServerHello(self(bridge)).receive({ type: "hello", payload: hello })).code).toBe(
        "malformed",
      );
    },
  );

  it("refuses a frame that has no place in it", () => {
    expect(errorOf(() => new ServerHello(self(bridge)).receive({ type: "ping" })).code).toBe("direction");
    expect(errorOf(() => new ServerHello(self(bridge)).receive({ type: "closed", connection: 1 })).code).toBe(
      "direction",
    );
    expect(errorOf(() => new ClientHello(self(dispatcher)).receive({ type: "freed", connection: 1 })).code).toBe(
      "direction",
    );
  });

  it("passes on what the other side refused, marked as told", () => {
    const frame = refuse(new LinkError("routes", "they differ"));
    const error = errorOf(() => new ClientHello(self(dispatcher)).receive(frame));
    expect(error).toBeInstanceOf(RefusedError);
    expect(error).toMatchObject({ code: "routes", message: "they differ" });
  });

  it("bounds what the other side says, and takes no code on trust", () => {
    const payload = Buffer.from(JSON.stringify({ code: "toString", text: "x".repeat(50_000) }));
    const error = errorOf(() => new ClientHello(self(dispatcher)).receive({ type: "refuse", payload }));
    expect(error.code).toBe("closed");
    expect(error.message).toHaveLength(1_000);
  });
});
