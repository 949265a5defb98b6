import type { BridgeFrame, Frame, Link, NoteFrame, Peer } from "../../../link/index.ts";

const NOTES: ReadonlySet<string> = new Set(["tickets", "said", "reached", "claim"]);
const BRIDGE_FRAMES: ReadonlySet<string> = new Set([
  ...["answer", "refused", "hold", "deliver", "release", "freed"],
  ...NOTES,
]);

/** Of those that are about no connection. */
export function isNote(frame: BridgeFrame): frame is NoteFrame {
  return NOTES.has(frame.type);
}

function isBridgeFrame(frame: Frame): frame is BridgeFrame {
  return BRIDGE_FRAMES.has(frame.type);
}

/** A link that keeps what is sent, and is full when a test says so. */
export class FakeLink implements Link {
  readonly peer: Peer;
  readonly frames: BridgeFrame[] = [];
  isFull = false;
  /** Why the bridge has closed it. */
  closedFor: string | null = null;
  /** Told of every frame. */
  onSend: (frame: BridgeFrame) => void = () => {};

  constructor(name = "dispatcher") {
    this.peer = { role: "dispatcher", name, instance: name, routes: 1, node: 0, nodes: 1 };
  }

  send(frame: Frame): boolean {
    if (!isBridgeFrame(frame)) throw new TypeError(`a bridge sent a ${frame.type}`);
    this.frames.push(frame);
    this.onSend(frame);
    return !this.isFull;
  }

  close(reason: string): void {
    this.closedFor = reason;
  }

  /** What was sent of one type, oldest first. */
  of<Type extends BridgeFrame["type"]>(type: Type): Extract<BridgeFrame, { type: Type }>[] {
    return this.frames.filter((frame): frame is Extract<BridgeFrame, { type: Type }> => frame.type === type);
  }
}
