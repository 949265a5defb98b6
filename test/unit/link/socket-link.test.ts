import { Socket } from "node:net";
import { describe, expect, it } from "vitest";
import { encode } from "../../../link/codec.ts";
import { FrameSocket } from "../../../link/frame-socket.ts";
import type { LinkOwner, Peer } from "../../../link/link.ts";
import { SocketLink } from "../../../link/socket-link.ts";

const bug = new Error("a bug of the owner");
const peer: Peer = { role: "bridge", name: "b", instance: "bi", routes: 1_024, node: 1, nodes: 1 };

function linkOf(changes: Partial<LinkOwner>): { raw: Socket; link: SocketLink } {
  const owner: LinkOwner = { onUp: ignore, onFrame: ignore, onDrain: ignore, onDown: ignore, ...changes };
  const raw = new Socket();
  const unused = { onFrame: ignore, onDrain: ignore, onClosed: ignore };
  const socket = new FrameSocket({
    socket: raw,
    from: "bridge",
    highWaterBytes: 1,
    maxQueuedBytes: 10_000,
    owner: unused,
  });
  const link = new SocketLink({ peer, socket, owner, heartbeatMs: 5_000, deadAfterMs: 15_000, onEnded: ignore });
  return { raw, link };
}

function ignore(): void {
  // Not the matter of the test.
}

describe("SocketLink", () => {
  it("lets what an owner throws come out where the socket's event is handled", () => {
    const { raw, link } = linkOf({
      onFrame: () => {
        throw bug;
      },
    });
    expect(() => raw.emit("data", encode({ type: "freed", connection: 1 }))).toThrow(bug);
    link.close("the test is over");
  });

  it("hands on no frame once it was closed in the middle of a chunk", () => {
    const seen: number[] = [];
    const { raw } = linkOf({
      onFrame: (link, frame) => {
        if (frame.type === "freed") seen.push(frame.connection);
        link.close("enough");
      },
    });
    raw.emit("data", Buffer.concat([1, 2].map((connection) => encode({ type: "freed", connection }))));
    expect(seen).toEqual([1]);
  });

  it("tells its owner before closeNow returns, and then never again", async () => {
    const reasons: string[] = [];
    const { raw, link } = linkOf({ onDown: (_, reason) => reasons.push(reason) });
    link.closeNow("replaced");
    expect(reasons).toEqual(["replaced"]);
    await new Promise((resolve) => raw.once("close", resolve));
    expect(reasons).toEqual(["replaced"]);
  });

  it("throws for a frame that is longer than the limit, and stays up", () => {
    const { link } = linkOf({});
    const payload = Buffer.alloc(100_000);
    expect(() => link.send({ type: "answer", connection: 1, isFinal: true, payload })).toThrow(RangeError);
    link.close("the test is over");
  });
});
