import { createHmac, timingSafeEqual } from "node:crypto";
import { z } from "zod";
import { LinkError, type LinkErrorCode, isLinkErrorCode } from "./errors.ts";
import type { Peer } from "./link.ts";
import { type HelloFrame, type Role, WIRE_VERSION, type WireFrame } from "./wire.ts";

/** Bytes of a nonce, and of a proof (SHA-256). */
const NONCE_BYTES = 32;
const PROOF_BYTES = 32;
const MAX_TEXT = 1_000;

/** What one side brings to a hello. */
export interface HelloSelf {
  readonly peer: Peer;
  /** Shared by all processes; it never crosses the wire. */
  readonly secret: string;
  readonly maxFrameBytes: number;
  /** Cryptographically random. */
  readonly randomBytes: (size: number) => Buffer;
  /** The connecting side: who must answer here; a bridge where it is left out. */
  readonly serverRole?: "bridge" | "halod";
  /** The same: the number of the bridge that must answer here; unset where any will do. */
  readonly expectedNode?: number | undefined;
}

/** What is to be done after a frame of the hello: something to send, or the peer that has proved itself, or both. */
export interface HelloStep {
  readonly send: HelloFrame | null;
  readonly peer: Peer | null;
}

/** One side of a hello, without its socket. */
export interface Hello {
  /** @returns what this side sends before it has heard anything */
  open(): HelloFrame | null;
  /** @throws LinkError when there can be no link, with a text for both operators */
  receive(frame: WireFrame): HelloStep;
}

/** Who may connect to whom. */
const CLIENTS: Readonly<Record<Role, readonly Role[]>> = {
  bridge: ["dispatcher", "bridge"],
  halod: ["bridge", "dispatcher", "halod"],
  dispatcher: [],
};

/** The listening side: challenges, checks, welcomes. */
export class ServerHello implements Hello {
  readonly #self: HelloSelf;
  readonly #nonce: Buffer;

  constructor(self: HelloSelf) {
    this.#self = self;
    this.#nonce = self.randomBytes(NONCE_BYTES);
  }

  open(): HelloFrame {
    return { type: "challenge", payload: json({ version: WIRE_VERSION, nonce: this.#nonce.toString("hex") }) };
  }

  receive(frame: WireFrame): HelloStep {
    throwIfRefused(frame);
    const { proof, bytes } = splitProof(expectType(frame, "hello"));
    checkVersion(this.#self.peer.role, bytes);
    const { nonce, peer, maxFrameBytes } = parse(helloShape, bytes);
    const nonces = [this.#nonce, Buffer.from(nonce, "hex")] as const;
    checkProof(this.#self, "hello", peer.role, nonces, bytes, proof);
    checkPeer(this.#self, peer, maxFrameBytes, CLIENTS[this.#self.peer.role]);
    const welcome = json({ peer: this.#self.peer, maxFrameBytes: this.#self.maxFrameBytes });
    const payload = Buffer.concat([prove(this.#self, "welcome", this.#self.peer.role, nonces, welcome), welcome]);
    return { send: { type: "welcome", payload }, peer };
  }
}

/** The connecting side: answers the challenge, and checks the welcome as strictly as it was checked itself. */
export class ClientHello implements Hello {
  readonly #self: HelloSelf;
  readonly #nonce: Buffer;
  #serverNonce: Buffer | null = null;

  constructor(self: HelloSelf) {
    this.#self = self;
    this.#nonce = self.randomBytes(NONCE_BYTES);
  }

  open(): null {
    return null;
  }

  receive(frame: WireFrame): HelloStep {
    throwIfRefused(frame);
    return this.#serverNonce ? this.#onWelcome(frame, this.#serverNonce) : this.#onChallenge(frame);
  }

  #onChallenge(frame: WireFrame): HelloStep {
    const challenge = expectType(frame, "challenge");
    checkVersion(this.#self.peer.role, challenge);
    const { nonce } = parse(challengeShape, challenge);
    this.#serverNonce = Buffer.from(nonce, "hex");
    const { peer, maxFrameBytes } = this.#self;
    const hello = json({ version: WIRE_VERSION, nonce: this.#nonce.toString("hex"), peer, maxFrameBytes });
    const proof = prove(this.#self, "hello", peer.role, [this.#serverNonce, this.#nonce], hello);
    return { send: { type: "hello", payload: Buffer.concat([proof, hello]) }, peer: null };
  }

  #onWelcome(frame: WireFrame, serverNonce: Buffer): HelloStep {
    const { proof, bytes } = splitProof(expectType(frame, "welcome"));
    const { peer, maxFrameBytes } = parse(welcomeShape, bytes);
    checkProof(this.#self, "welcome", peer.role, [serverNonce, this.#nonce], bytes, proof);
    checkPeer(this.#self, peer, maxFrameBytes, [this.#self.serverRole ?? "bridge"]);
    return { send: null, peer };
  }
}

/** @returns the frame that tells the peer why there is no link */
export function refuse(error: LinkError): HelloFrame {
  return { type: "refuse", payload: json({ code: error.code, text: error.message.slice(0, MAX_TEXT) }) };
}

/** The peer said why; it is not told again. */
export class RefusedError extends LinkError {}

const nonceShape = z.string().regex(/^[0-9a-f]{64}$/);
const count = z
  .number()
  .int()
  .min(1)
  .max(2 ** 31);
const peerShape = z.object({
  role: z.enum(["dispatcher", "bridge", "halod"]),
  name: z.string().min(1).max(256),
  instance: z.string().min(1).max(128),
  routes: count,
  node: z
    .number()
    .int()
    .min(0)
    .max(2 ** 31),
  nodes: count,
});
const versionShape = z.object({ version: z.number() });
const challengeShape = z.object({ nonce: nonceShape });
const helloShape = z.object({ nonce: nonceShape, peer: peerShape, maxFrameBytes: count });
const welcomeShape = z.object({ peer: peerShape, maxFrameBytes: count });
const refuseShape = z.object({ code: z.string(), text: z.string() });

function throwIfRefused(frame: WireFrame): void {
  if (frame.type !== "refuse") return;
  const { code, text } = parse(refuseShape, frame.payload);
  throw new RefusedError(isLinkErrorCode(code) ? code : "closed", text.slice(0, MAX_TEXT));
}

function expectType(frame: WireFrame, type: HelloFrame["type"]): Buffer {
  if (frame.type !== type || !("payload" in frame)) {
    throw new LinkError("direction", `a ${frame.type} frame came where only a ${type} may come`);
  }
  return frame.payload;
}

function splitProof(payload: Buffer): { proof: Buffer; bytes: Buffer } {
  return { proof: payload.subarray(0, PROOF_BYTES), bytes: payload.subarray(PROOF_BYTES) };
}

function parse<T>(shape: z.ZodType<T>, bytes: Buffer): T {
  let value: unknown;
  try {
    value = JSON.parse(bytes.toString("utf8"));
  } catch (cause) {
    throw new LinkError("malformed", "a hello frame is not JSON", { cause });
  }
  const result = shape.safeParse(value);
  if (result.success) return result.data;
  const fields = result.error.issues.map((issue) => issue.path.join(".") || "the whole");
  throw new LinkError("malformed", `a hello frame has wrong fields: ${fields.join(", ")}`);
}

/** The proof covers who speaks and when, both nonces, and every byte that is said, so nothing in it can be used elsewhere. */
function prove(
  { secret }: HelloSelf,
  step: "hello" | "welcome",
  role: Role,
  [server, client]: readonly [Buffer, Buffer],
  bytes: Buffer,
): Buffer {
  const hmac = createHmac("sha256", secret).update(`tailspin-link/${WIRE_VERSION}/${step}/${role}\n`);
  return hmac.update(server).update(client).update(bytes).digest();
}

function checkProof(
  self: HelloSelf,
  step: "hello" | "welcome",
  role: Role,
  nonces: readonly [Buffer, Buffer],
  bytes: Buffer,
  proof: Buffer,
): void {
  const expected = prove(self, step, role, nonces, bytes);
  if (proof.length === expected.length && timingSafeEqual(proof, expected)) return;
  throw new LinkError("secret", `${nameOf(self)} and the ${role} hold different link secrets; set the same for both`);
}

/** Comes first: nothing but the version's place is the same in all versions. */
function checkVersion(role: Role, bytes: Buffer): void {
  const { version } = parse(versionShape, bytes);
  if (version === WIRE_VERSION) return;
  const text = `this ${role} speaks version ${WIRE_VERSION} of the link protocol, the other side version ${version}`;
  throw new LinkError("version", `${text}; run the same release of both`);
}

function checkPeer(self: HelloSelf, peer: Peer, maxFrameBytes: number, roles: readonly Role[]): void {
  if (!roles.includes(peer.role) || peer.node > 0 !== (peer.role === "bridge") || peer.node > peer.nodes) {
    const text = `${nameOf(self)} expects a ${roles.join(" or a ")} here`;
    throw new LinkError("role", `${text}, and ${peer.name} is a ${peer.role}, node ${peer.node} of ${peer.nodes}`);
  }
  checkSame("routes", "routes", self, self.peer.routes, peer, peer.routes);
  // HaloD says how many there are; it is not told.
  if (self.peer.role !== "halod" && peer.role !== "halod")
    checkSame("nodes", "nodes", self, self.peer.nodes, peer, peer.nodes);
  checkSame("limits", "bytes as the longest frame", self, self.maxFrameBytes, peer, maxFrameBytes);
  if (self.expectedNode !== undefined && self.expectedNode !== peer.node) {
    const text = `${nameOf(self)} expects node ${self.expectedNode} at this address, and ${peer.name} is node ${peer.node}`;
    throw new LinkError("node", `${text}; bring the list of bridges and the numbers of the nodes into the same order`);
  }
}

function checkSame(code: LinkErrorCode, what: string, self: HelloSelf, ours: number, peer: Peer, theirs: number): void {
  if (ours === theirs) return;
  const text = `${nameOf(self)} has ${ours} ${what}, ${peer.role} ${peer.name} has ${theirs}`;
  throw new LinkError(code, `${text}; set the same for both`);
}

function nameOf(self: HelloSelf): string {
  return `${self.peer.role} ${self.peer.name}`;
}

function json(value: unknown): Buffer {
  return Buffer.from(JSON.stringify(value));
}
