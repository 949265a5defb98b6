/** Load client: sets sessions up, each on a WebSocket of its own. Its argument is a `SessionsConfig` as JSON. */
import { BayeuxClient, type ClientOwner } from "./bayeux-client.ts";
import { argument, fail, report, serveCommands } from "./child.ts";
import type { Command, Report, SessionsConfig } from "./protocol.ts";

const open: BayeuxClient[] = [];
let hasStalled = false;

const owner: ClientOwner = {
  onText: () => undefined,
  onEnd: (_client, reason) => {
    // Whoever reads nothing is let go of in the end.
    if (!hasStalled) fail(new Error(reason));
  },
};

try {
  const config = readConfig();
  serveCommands((command) => serve(command, config));
  report({ type: "ready", port: 0 });
} catch (error) {
  fail(error);
}

async function serve(command: Command, config: SessionsConfig): Promise<Report> {
  if (command.type === "open") {
    let left = command.sessions;
    const work = async (): Promise<void> => {
      while (left-- > 0) open.push(await setUp(config));
    };
    await Promise.all(Array.from({ length: command.concurrency }, work));
    return { type: "opened", sessions: command.sessions };
  }
  if (command.type === "stall") {
    hasStalled = true;
    for (const client of open) {
      client.connect();
      client.stall();
    }
    return { type: "stalled" };
  }
  if (command.type === "close") {
    for (const client of open.splice(0)) client.destroy();
    return { type: "closed" };
  }
  throw new Error(`sessions cannot ${command.type}`);
}

async function setUp({ server, channel }: SessionsConfig): Promise<BayeuxClient> {
  const client = await BayeuxClient.open(server, "websocket", owner);
  await client.handshake();
  await client.subscribe(`/${channel}`);
  await client.firstConnect();
  return client;
}

function readConfig(): SessionsConfig {
  const config = argument();
  if (!isConfig(config)) throw new Error("the argument is no SessionsConfig");
  return config;
}

function isConfig(value: unknown): value is SessionsConfig {
  return typeof value === "object" && value !== null && "server" in value && "channel" in value;
}
