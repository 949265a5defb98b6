import { pino } from "pino";
import { IrcNetwork, ircSchema } from "../../bridges/irc/index.ts";
import type { Naming } from "../../bridges/naming.ts";
import { RecordingInbox } from "../contract/network/inbox.ts";

let count = 0;

/** An IRC network that is up, and what it told. */
export interface StartedIrc extends AsyncDisposable {
  readonly network: IrcNetwork;
  readonly inbox: RecordingInbox;
  readonly node: number;
}

/** @param options settings of the IRC network, and `node` or `naming` */
export async function startIrcNetwork(
  server: { readonly host: string; readonly port: number },
  { node = ++count, naming, ...settings }: { node?: number; naming?: Naming; [setting: string]: unknown } = {},
): Promise<StartedIrc> {
  const config = ircSchema.parse({ reconnectMinMs: 20, reconnectMaxMs: 100, ...settings });
  const network = new IrcNetwork(
    { ...config, host: server.host, port: server.port },
    {
      node,
      log: pino({ level: "silent" }),
      now: Date.now,
      random: Math.random,
      newId: () => `own-${++count}`,
      ...(naming === undefined ? {} : { naming }),
    },
  );
  const inbox = new RecordingInbox();
  network.start(inbox);
  await inbox.isUp();
  return { network, inbox, node, [Symbol.asyncDispose]: () => network[Symbol.asyncDispose]() };
}
