import { setImmediate as nextTurn } from "node:timers/promises";
import { pino } from "pino";
import type { ByteSocket, Connection } from "../../../../../bridges/irc/embedded/connection.ts";
import { attach } from "../../../../../bridges/irc/embedded/interpreter.ts";
import { completeLimits, type Limits } from "../../../../../bridges/irc/embedded/limits.ts";
import { Realm } from "../../../../../bridges/irc/embedded/realm.ts";

/** A socket whose peer reads at once, or, while `isStuck`, not at all. */
export class FakeSocket implements ByteSocket {
  readonly writes: string[] = [];
  isStuck = false;
  isPaused = false;
  hasEnded = false;
  writableLength = 0;
  destroyed = false;

  write(text: string): boolean {
    if (this.hasEnded) throw new Error("write after end");
    this.writes.push(text);
    if (this.isStuck) this.writableLength += text.length;
    return !this.isStuck;
  }

  end(): void {
    this.hasEnded = true;
  }

  pause(): void {
    this.isPaused = true;
  }

  resume(): void {
    this.isPaused = false;
  }
}

/** One fake client of a realm. */
export class FakePeer {
  readonly socket = new FakeSocket();
  readonly connection: Connection;

  constructor(realm: Realm) {
    this.connection = attach(realm, this.socket);
  }

  /** Sends lines, and gives what came back to it (decoded from UTF-8) since the last call. */
  async say(...lines: string[]): Promise<string[]> {
    this.connection.receive(Buffer.from(lines.map((line) => `${line}\r\n`).join("")));
    return this.heard();
  }

  async heard(): Promise<string[]> {
    await nextTurn();
    const bytes = Buffer.from(this.socket.writes.splice(0).join(""), "latin1");
    return bytes.toString().split("\r\n").slice(0, -1);
  }
}

/** A realm without a listener, with a clock of its own and msgids m1, m2, … */
export class FakeServer {
  nowMs = Date.UTC(2026, 10, 21);
  readonly realm: Realm;
  #ids = 0;

  constructor(limits: Partial<Limits> = {}, log = pino({ level: "silent" })) {
    this.realm = new Realm({
      serverName: "test.server",
      limits: completeLimits(limits),
      log,
      now: () => this.nowMs,
      newId: () => `m${++this.#ids}`,
    });
  }

  connect(): FakePeer {
    return new FakePeer(this.realm);
  }

  /** @param caps asked for, separated by spaces */
  async login(nick: string, caps = "", ...channels: string[]): Promise<FakePeer> {
    const peer = this.connect();
    if (caps !== "") await peer.say(`CAP REQ :${caps}`);
    await peer.say(`NICK ${nick}`, `USER ${nick} 0 * :${nick}`, "CAP END", ...channels.map((name) => `JOIN ${name}`));
    return peer;
  }
}
