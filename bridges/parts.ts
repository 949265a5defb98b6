import { CONNECTION_TYPES } from "../bayeux/index.ts";
import type { Logger } from "pino";
import type { FaultCounter } from "../link/index.ts";
import { Broadcast } from "./broadcast.ts";
import { Calls } from "./calls.ts";
import { audienceOf } from "./channel/channel.ts";
import { Channels } from "./channel/channels.ts";
import { Patterns } from "./channel/patterns.ts";
import type { BridgeConfig } from "./config.ts";
import { Discovery } from "./discovery.ts";
import { Dispatches } from "./dispatches.ts";
import { HaloChannel } from "./halo/halo-channel.ts";
import { Handshakes } from "./handshakes.ts";
import { Archive } from "./history/archive.ts";
import { LateCopies } from "./history/late-copies.ts";
import { Replays } from "./history/replays.ts";
import { Streams } from "./history/streams.ts";
import { Identities } from "./identity/identities.ts";
import { PrivateChannels } from "./identity/private-channels.ts";
import { Inbox } from "./inbox.ts";
import { Keeping } from "./keepers/keeping.ts";
import type { Keepers } from "./keepers/keepers.ts";
import { Log } from "./log/log.ts";
import type { Mapping } from "./mapping/mapping.ts";
import { Adoption } from "./moves/adoption.ts";
import { Holding } from "./moves/holding.ts";
import type { Network } from "./network.ts";
import { presenceChannel } from "./presence/presence-channel.ts";
import { Presence } from "./presence/presence.ts";
import { Publishes } from "./publishes.ts";
import { Requests } from "./requests.ts";
import { Resends } from "./resends.ts";
import { Connects } from "./session/connects.ts";
import { Delivery } from "./session/delivery.ts";
import type { Session } from "./session/session.ts";
import { Sessions } from "./session/sessions.ts";
import { SlowReaders } from "./session/slow-readers.ts";
import { Subscriptions } from "./subscriptions.ts";
import { Users } from "./users.ts";
import { Recovery } from "./tickets/recovery.ts";
import { Tickets } from "./tickets/tickets.ts";

/** What the parts of a bridge are made with. */
export interface PartsOptions {
  readonly config: BridgeConfig;
  readonly networks: readonly Network[];
  readonly mapping: Mapping;
  readonly faults: FaultCounter;
  readonly log: Logger;
  readonly now: () => number;
  /** Cryptographically random. */
  readonly randomBytes: (count: number) => Buffer;
  /** Has our channels kept by others; nobody does where it is unset. */
  readonly keepers?: () => Pick<Keepers, "ready" | "look" | "broken">;
}

/** What a bridge is made of, as far as the bridge itself speaks to it. */
export interface Parts {
  readonly calls: Calls;
  readonly sessions: Sessions;
  readonly channels: Channels;
  readonly streams: Streams;
  readonly discovery: Discovery;
  readonly dispatches: Dispatches;
  readonly identities: Identities;
  readonly delivery: Delivery;
  readonly broadcast: Broadcast;
  readonly inboxes: ReadonlyMap<Network, Inbox>;
  readonly presence: Presence;
  readonly halo: HaloChannel;
  readonly requests: Requests;
  readonly subscriptions: Subscriptions;
  readonly publishes: Publishes;
  readonly messages: Log;
  readonly adoption: Adoption;
  /** Channels that are to be joined for sessions which come from elsewhere. */
  readonly hold: () => Holding;
  readonly tickets: Tickets;
  readonly recovery: Recovery;
  /** The channels that we keep for others. */
  readonly keeping: Keeping;
}

/** Dispatchers hold browsers to the limits that are configured; these guard against a dispatcher gone wrong. */
const LIMITS = { maxBatch: 65_536, maxChannelLength: 65_536, maxSubscriptionsPerMessage: 65_536 } as const;
const MAX_BATCH_BYTES = 1_048_576;

/** Makes the parts of a bridge, and lets those know each other that have to. */
export function makeParts(options: PartsOptions): Parts {
  const { config, networks, mapping, faults, log, now, randomBytes, keepers } = options;
  const messages = new Log({ maxMessages: config.logMessages, maxBytes: config.logBytes });
  const keepMs = config.connectTimeoutMs + config.sessionTimeoutMs;
  const heardBy = (session: Session) => [...subscriptions.heardBy(session)].map(({ name }) => name);
  const tickets = new Tickets({ messages, now, keepMs, heardBy });
  const batches = {
    maxBatchBytes: MAX_BATCH_BYTES,
    // An unacknowledged batch takes at most half of what may wait, so that there is always something to relieve.
    maxBatchMessages: Math.max(1, Math.floor(config.maxQueuedMessages / 2)),
  };
  const onDirectChange = (session: Session) => {
    broadcast.refresh(session);
  };
  const delivery = new Delivery({
    now,
    coalesceMs: config.coalesceMs,
    ...batches,
    onDirectChange,
    onReleased: (session) => {
      sessions.touch(session);
    },
  });
  const users = new Users();
  const sessions: Sessions = new Sessions({
    ...config,
    now,
    randomBytes,
    log,
    delivery,
    users,
    onEnd: (session, reason) => {
      tickets.ended(session, reason);
      subscriptions.removeAll(session);
      identities.ended(session);
      // What it has asked an app is still answered.
      if (reason !== "handed over") calls.endAll(session);
    },
  });
  const slowReaders = new SlowReaders({
    rules: config.slowReaders,
    limits: config,
    networkOf: mapping.networkOf,
    now,
    log,
    faults,
  });
  const broadcast: Broadcast = new Broadcast({
    delivery,
    channels: () => channels,
    limits: config,
    slowReaders,
    onFellBehind: (session) => {
      sessions.end(session, "fell behind");
    },
  });
  const archive = new Archive({ now, maxHistoryRequests: config.maxHistoryRequests });
  const lateCopies = new LateCopies(now);
  const streams = new Streams({ ...config, messages, broadcast, archive, lateCopies, now, log });
  const mayHear = (channel: string) => !["publish-only", "none"].includes(mapping.access(channel));
  const patterns = new Patterns(config.maxWildcardChannels, mayHear);
  const channels = new Channels({
    ...config,
    networks,
    mapping,
    patterns,
    now,
    log,
    onLeft: (left) => {
      streams.forget(left);
      lateCopies.forget(left);
      messages.forget(left);
      presence.forget(left);
    },
  });
  const searched = networks.map((network) => ({
    network,
    whenUp: () => channels.whenUp(network.name),
    isUp: () => channels.isUp(network.name),
    mayMatch: (pattern: string) => mapping.networksOf(pattern).includes(network.name),
  }));
  const discovery = new Discovery({ ...config, networks: searched, channels, now, log, faults });
  const calls = new Calls({ ...config, channels, now, randomBytes });
  const presence: Presence = new Presence({
    maxMembers: config.maxPresenceMembers,
    maxPeers: config.maxPresencePeers,
    now,
    randomBytes,
    faults,
    foreignNameOf: (channel) => mapping.explain(channel).foreignName,
    toWatchers: (channel, text) => {
      broadcast.send(audienceOf(channel.watchers), messages.entry(presenceChannel(channel.name), "", text));
    },
    toSession: (session, channel, text) => {
      broadcast.send(audienceOf([session]), messages.entry(presenceChannel(channel.name), "", text));
    },
  });
  const identities: Identities = new Identities({
    ...config,
    now,
    log,
    faults,
    onTold: (identity, message) => privates.told(identity, message),
  });
  const byName = new Map(networks.map((network) => [network.name, network]));
  const privates = new PrivateChannels({
    ...config,
    identities,
    networkOf: (channel) => {
      const network = byName.get(mapping.networkOf(channel));
      if (!network) throw new TypeError(`no network for ${channel}`);
      return network;
    },
    messages,
    broadcast,
    now,
  });
  const halo = new HaloChannel({ isOn: config.haloChannel === true, node: config.node, messages, broadcast, now });
  const replays = new Replays({ ...config, messages, archive, lateCopies, limits: config, now });
  const subscriptions: Subscriptions = new Subscriptions({
    channels,
    mapping,
    discovery,
    identities,
    privates,
    presence,
    halo,
    replays,
    maxSubscriptions: config.maxSubscriptions,
    joinTimeoutMs: config.joinTimeoutMs,
    now,
    queue: (session, entry) => {
      broadcast.queue(session, entry);
    },
    keep: async (names) => keepers?.().ready(names),
    onChanged: (session, name) => {
      tickets.changed(session, name);
      keepers?.().look();
    },
  });
  const keeping = new Keeping({ ...config, channels, messages, streams, now, log });
  const onBroken = (channel: string, reason: string): void => {
    keepers?.().broken(channel, reason);
    keeping.broken(channel, reason);
  };
  const onDown = (networkName: string, reason: string): void => keeping.networkDown(networkName, reason);
  const told = { calls, channels, streams, presence, log, onBroken, onDown };
  const inboxes = new Map(networks.map((network) => [network, new Inbox({ ...told, networkName: network.name })]));
  const connects = new Connects({
    now,
    sessions,
    delivery,
    connectTimeoutMs: config.connectTimeoutMs,
    maxHeldPerBrowser: config.maxHeldPerBrowser,
    multipleClientsIntervalMs: config.multipleClientsIntervalMs,
    connectionTypes: CONNECTION_TYPES,
    ...batches,
    onDirectChange,
  });
  const publishes = new Publishes({ ...config, mapping, channels, calls, identities, privates });
  const requests = new Requests({
    sessions,
    handshakes: new Handshakes({ ...config, sessions, connects, connectionTypes: CONNECTION_TYPES, now, faults }),
    connects,
    subscriptions,
    publishes,
    resends: new Resends({ ...config, now, faults }),
    limits: LIMITS,
    maxMessagesPerSecond: config.maxMessagesPerSecond,
    now,
    faults,
    log,
  });
  const arriving = { channels, sessions, subscriptions, messages, lateCopies, broadcast, now };
  const adoption = new Adoption(arriving);
  const recovery = new Recovery({ ...arriving, replays, tickets, log });
  const hold = () => new Holding({ channels, discovery, messages, now });
  const dispatches = new Dispatches({ users, messages, broadcast, now, faults });
  const parts = { calls, sessions, channels, discovery, dispatches, identities, streams, delivery, broadcast, inboxes };
  const moving = { publishes, messages, adoption, hold, tickets, recovery, keeping };
  return { ...parts, ...moving, presence, halo, requests, subscriptions };
}
