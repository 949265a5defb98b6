#!/usr/bin/env node
/** Composition root: reads the configuration, makes the tiers that a command asks for, and stops them in order. */
import { randomBytes, randomUUID } from "node:crypto";
import { readFileSync } from "node:fs";
import { hostname } from "node:os";
import { performance } from "node:perf_hooks";
import { pino } from "pino";
import type { Logger } from "pino";
import { calculate, CALCULATORS, describeNames, describeStatus, isCalculator } from "./answers.ts";
import { Bridge, makeMapping, ownId } from "./bridges/index.ts";
import type { BridgeConfig } from "./bridges/index.ts";
import { EmbeddedIrcd } from "./bridges/irc/embedded/index.ts";
import { ircFileFaults } from "./bridges/irc/index.ts";
import { accountOf } from "./bridges/xmpp/index.ts";
import { ConfigError, describeCheck, exitCodeOf, loadConfig, onStop, parseCommand, renderHelp } from "./cli/index.ts";
import { listKeys, renderScreen, resolveConfig, wantsColor } from "./cli/index.ts";
import type { Command, ConfigKey, ConfigSources, Topic } from "./cli/index.ts";
import { schemaFor } from "./config.ts";
import type { Config } from "./config.ts";
import { Dispatcher } from "./dispatcher/index.ts";
import { allPaints, HaloDaemon, NumberClient } from "./halod/index.ts";
import { FaultCounter } from "./link/index.ts";
import { networksOf } from "./networks.ts";
import { pages } from "./web/index.ts";

const SIGNAL_REPEAT_MS = 2_000;
/** Milliseconds since 1970 that only grow: a clock that is set must neither end sessions nor keep them. */
const now = () => performance.timeOrigin + performance.now();
const LOOPBACK = "127.0.0.1";
const packageJson: unknown = JSON.parse(readFileSync(new URL("package.json", import.meta.url), "utf8"));
const version =
  typeof packageJson === "object" && packageJson !== null && "version" in packageJson
    ? String(packageJson.version)
    : "?";

/** What a command has started, and how it is brought to rest. */
interface Running {
  /** What is printed when everything works. */
  readonly announcement: string;
  /** Lets everybody finish; the disposal follows. */
  drain(): Promise<void>;
}

/** The commands that run until they are told to stop. */
type Serving = Exclude<Command, "map" | "status" | "config check" | keyof typeof CALCULATORS>;

type Starter = (config: Config, log: Logger, stack: AsyncDisposableStack) => Promise<Running>;

const STARTERS: Readonly<Record<Serving, Starter>> = {
  up: startUp,
  dispatcher: startDispatcher,
  bridge: startBridge,
  halod: startHalod,
};

/** `tailspin up`: all tiers in this process, joined by the same links as separate processes are. */
async function startUp(config: Config, log: Logger, stack: AsyncDisposableStack): Promise<Running> {
  const isEmbedded = networksOf(config, false).length === 0;
  const ircd = isEmbedded ? stack.use(await EmbeddedIrcd.start({ host: LOOPBACK, port: config.irc.port, log })) : null;
  const irc = ircd ? { ...config.irc, host: LOOPBACK, port: ircd.port } : config.irc;
  // Nobody else is to connect to this bridge: a free port, and a secret that nobody knows.
  const own = {
    ...config,
    irc,
    secret: randomBytes(32).toString("hex"),
    bridge: {
      ...config.bridge,
      ...{ host: LOOPBACK, port: 0, node: 1, nodes: 1, halod: [] },
      haloChannel: config.bridge.haloChannel ?? true,
    },
  };
  const bridge = await makeBridge(own, randomUUID(), log, stack);
  await bridge.ready();
  const dispatcher = await makeDispatcher(
    { ...own, dispatcher: { ...config.dispatcher, halod: [], bridges: [`${LOOPBACK}:${bridge.port}`] } },
    log,
    stack,
  );
  await dispatcher.ready();
  const base = `http://${urlHost(dispatcher.host)}:${dispatcher.port}`;
  const isColored = wantsColor(process.stdout.isTTY, process.env["NO_COLOR"]);
  const announcement = renderScreen({
    version,
    chatUrl: `${base}/`,
    stackUrl: own.bridge.haloChannel ? `${base}/halo` : undefined,
    bayeuxUrl: `${base}/bayeux`,
    irc: irc.host === undefined ? undefined : { host: irc.host, port: irc.port, tls: irc.tls, isEmbedded },
    xmpp: accountOf(config.xmpp) ?? undefined,
    lobby: lobbyOf(own),
    isColored,
  });
  return { announcement, drain: () => drainBoth(dispatcher, bridge, config.bridge) };
}

async function startDispatcher(config: Config, log: Logger, stack: AsyncDisposableStack): Promise<Running> {
  const dispatcher = await makeDispatcher(config, log, stack);
  const announcement = `tailspin dispatcher ready http://${urlHost(dispatcher.host)}:${dispatcher.port}\n`;
  return { announcement, drain: () => dispatcher.drain() };
}

async function startBridge(config: Config, log: Logger, stack: AsyncDisposableStack): Promise<Running> {
  const instance = randomUUID();
  const node = config.bridge.node === 0 ? await askNumber(config, instance, log, stack) : config.bridge.node;
  const bridge = await makeBridge({ ...config, bridge: { ...config.bridge, node } }, instance, log, stack);
  await bridge.ready();
  const announcement = `tailspin bridge ready ${urlHost(config.bridge.host)}:${bridge.port}\n`;
  return { announcement, drain: () => bridge.drain(config.bridge.publishHoldMs) };
}

async function startHalod(config: Config, log: Logger, stack: AsyncDisposableStack): Promise<Running> {
  const halod = stack.use(
    await HaloDaemon.start({
      config: config.halod,
      routes: config.routes,
      secret: config.secret,
      name: hostname(),
      instance: randomUUID(),
      link: config.link,
      faults: new FaultCounter(log, now),
      log,
      now,
      randomBytes,
      environment: process.env,
    }),
  );
  const announcement = `tailspin halod ready ${urlHost(config.halod.host)}:${halod.port}\n`;
  // Nothing is in progress that others would wait for: the table stays as it is.
  return { announcement, drain: () => Promise.resolve() };
}

async function drainBoth(dispatcher: Dispatcher, bridge: Bridge, config: BridgeConfig): Promise<void> {
  await dispatcher.drain();
  await bridge.drain(config.publishHoldMs);
}

/** HaloD's, for as long as this process lives. */
function askNumber(config: Config, instance: string, log: Logger, stack: AsyncDisposableStack): Promise<number> {
  const { routes, secret, link, bridge } = config;
  const shared = { secret, log, config: link, faults: new FaultCounter(log, now), randomBytes, random: Math.random };
  const own = { addresses: bridge.halod, instance, name: hostname(), routes, onTaken: () => process.exit(1) };
  return stack.use(new NumberClient({ ...shared, ...own })).number();
}

async function makeBridge(config: Config, instance: string, log: Logger, stack: AsyncDisposableStack): Promise<Bridge> {
  const faults = ircFileFaults(config.irc);
  if (faults.length > 0) throw new ConfigError(faults);
  const configured = networksOf(config, false);
  const mapping = makeMapping(config.mapping, configured);
  const parts = { node: config.bridge.node, log, now, random: Math.random, newId: () => ownId(randomUUID()) };
  const bridge = await Bridge.start({
    config: config.bridge,
    routes: config.routes,
    secret: config.secret,
    name: hostname(),
    instance,
    link: config.link,
    faults: new FaultCounter(log, now),
    networks: configured.map(({ name, make }) => make(mapping.naming(name), parts)),
    mapping,
    log,
    now,
    randomBytes,
  });
  return stack.use(bridge);
}

async function makeDispatcher(config: Config, log: Logger, stack: AsyncDisposableStack): Promise<Dispatcher> {
  const { host: ircHost, port: ircPort } = config.irc;
  const ircAddress = ircHost === undefined ? undefined : `${urlHost(ircHost)}:${ircPort}`;
  const servePages = pages({ ircAddress, paints: allPaints() });
  const dispatcher = await Dispatcher.start({
    config: config.dispatcher,
    routes: config.routes,
    secret: config.secret,
    link: config.link,
    name: hostname(),
    log,
    fallback: (request, response) => {
      servePages(request, response, () => {
        response
          .writeHead(404, { "content-type": "text/plain;charset=UTF-8" })
          .end("Nothing is here; the chat page is at /\n");
      });
    },
  });
  return stack.use(dispatcher);
}

/** Runs a command to its end. @returns the exit code */
async function run(command: Serving, config: Config): Promise<number> {
  const log = makeLogger(config);
  for (const event of ["uncaughtException", "unhandledRejection"] as const) {
    process.on(event, (error: unknown) => {
      log.fatal({ err: error, event }, "a bug ended the process");
      process.exit(1);
    });
  }
  const stack = new AsyncDisposableStack();
  let running: Running | null = null;
  const stopped = onStop(
    process,
    async (signal) => {
      log.info({ signal }, "stopping");
      await running?.drain();
      await stack.disposeAsync();
      log.info("stopped");
    },
    {
      repeatWithinMs: SIGNAL_REPEAT_MS,
      drainTimeoutMs: config.drainTimeoutMs,
      now: () => performance.now(),
      onFault: (error) => {
        log.error({ err: error }, "not stopped cleanly");
      },
    },
  );
  const started = STARTERS[command](config, log, stack).then((it) => {
    running = it;
    process.stdout.write(it.announcement);
  });
  // A start that fails ends the process; one that is still waiting for its network can be stopped.
  await Promise.race([started, stopped]);
  return stopped;
}

function makeLogger(config: Config): Logger {
  // A write per line would be a third of what a new session costs; lines leave together when they come quickly.
  const destination = pino.destination({ fd: 2, sync: false });
  // A reader of the log that went away ends nothing, and there is nobody left to tell.
  destination.on("error", () => undefined);
  process.on("exit", () => {
    destination.flushSync();
  });
  const paths = ["password", "secret", "authorization", "cookie"].flatMap((key) => [key, `*.${key}`]);
  return pino({ level: config.log.level, redact: { paths, censor: "[hidden]" } }, destination);
}

/** What people on a network join to meet those in `/lobby`. */
function lobbyOf(config: Config): { network: string; name: string } {
  const { network, foreignName } = makeMapping(config.mapping, networksOf(config, false)).explain("/lobby");
  return { network, name: foreignName };
}

function urlHost(host: string): string {
  return host.includes(":") ? `[${host}]` : host;
}

/** @returns the exit code: 0, 2 for a configuration fault, 1 for anything else */
async function main(argv: readonly string[]): Promise<number> {
  const parsed = parseCommand(argv);
  if (parsed.command === "version") {
    process.stdout.write(`tailspin ${version}\n`);
    return 0;
  }
  if (parsed.command === "help") {
    process.stdout.write(renderHelp(parsed.topic, keysOf(parsed.topic)));
    return 0;
  }
  if (isCalculator(parsed.command)) {
    process.stdout.write(calculate(parsed.command, parsed.flags));
    return 0;
  }
  const schema = schemaFor(parsed.command);
  const sources: ConfigSources = {
    command: parsed.command,
    flags: parsed.flags,
    env: process.env,
    readFile: (path) => readFileSync(path, "utf8"),
    cwd: process.cwd(),
  };
  if (parsed.command === "config check") {
    process.stdout.write(describeCheck(resolveConfig(schema, sources)));
    return 0;
  }
  const config = loadConfig(schema, sources);
  if (parsed.command === "status") process.stdout.write(await describeStatus(config));
  else if (parsed.command === "map") process.stdout.write(describeNames(parsed.names, config));
  else return run(parsed.command, config);
  return 0;
}

/** What a command can be told. */
function keysOf(topic: Topic): ConfigKey[] {
  if (isCalculator(topic)) return listKeys(CALCULATORS[topic], topic);
  const command = topic === "tailspin" ? "up" : topic;
  return listKeys(schemaFor(command), command);
}

// A reader that went away (`tailspin up | head`) is no fault of ours.
process.stdout.on("error", (error: NodeJS.ErrnoException) => {
  if (error.code !== "EPIPE") throw error;
});

try {
  process.exit(await main(process.argv.slice(2)));
} catch (error) {
  process.stderr.write(`tailspin: ${error instanceof Error ? error.message : String(error)}\n`);
  process.exit(exitCodeOf(error));
}
