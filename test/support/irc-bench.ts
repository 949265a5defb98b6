import { pino } from "pino";
import { IrcNetwork, ircSchema } from "../../bridges/irc/index.ts";
import { RecordingInbox } from "../contract/network/inbox.ts";
import { publication } from "./publication.ts";

/** A line of the log, as far as tests look at it. */
export interface LogLine {
  readonly level: number;
  readonly msg: string;
  readonly reason?: string;
  readonly hint?: string;
}

const WARN = 40;

/** An IRC network under test, with what it told and logged. */
export class IrcBench implements AsyncDisposable {
  readonly network: IrcNetwork;
  readonly inbox = new RecordingInbox();
  readonly logged: LogLine[] = [];

  /** @param options settings of the IRC network, and `node` */
  constructor(
    port: number,
    { node = 1, ...settings }: { readonly node?: number; readonly [setting: string]: unknown } = {},
  ) {
    const config = ircSchema.parse({ reconnectMinMs: 5, reconnectMaxMs: 20, senders: 1, ...settings });
    let count = 0;
    this.network = new IrcNetwork(
      { ...config, host: "127.0.0.1", port },
      {
        node,
        log: pino({}, { write: (line: string) => void this.logged.push(JSON.parse(line) as LogLine) }),
        now: Date.now,
        random: Math.random,
        newId: () => `id-${count++}`,
      },
    );
    this.network.start(this.inbox);
  }

  get warnings(): readonly LogLine[] {
    return this.logged.filter(({ level }) => level >= WARN);
  }

  /** @returns `"accepted"`, or how and why it failed */
  say(channel: string, text: string): Promise<string> {
    return outcome(this.network.publish(channel, publication({ text })));
  }

  join(channel: string): Promise<string> {
    return outcome(this.network.join(channel));
  }

  [Symbol.asyncDispose](): Promise<void> {
    return this.network[Symbol.asyncDispose]();
  }
}

function outcome(promise: Promise<void>): Promise<string> {
  return promise.then(
    () => "accepted",
    (error: unknown) => (error instanceof Error && "kind" in error ? `${String(error.kind)}: ${error.message}` : "?"),
  );
}
