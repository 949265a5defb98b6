/** What a kind of server gives, as its fixture declares it: the suite holds it to that, or to what users get instead. */
export interface Gives {
  /** Everybody in a channel hears the same order; else that of each sender. */
  readonly oneOrder: boolean;
  /** It shows messages that were said before, also those that we were not there for. */
  readonly history: boolean;
  /** These outlive the server's death. */
  readonly lastingHistory: boolean;
  /** Each message has an id, the same for all bridges on a server, now and in history. */
  readonly ids: boolean;
  /** It carries what bridges say to each other, and people do not see. */
  readonly announcements: boolean;
  /** Messages carry the server's time. */
  readonly times: boolean;
}

/** What `docs/networks.md` says of each: what it is good for, and what users get where it is missing. */
export const GIFTS: Readonly<Record<keyof Gives, { readonly gift: string; readonly instead: string }>> = {
  oneOrder: {
    gift: "one order for all in a channel, also of those who speak at once",
    instead: "the order of each sender",
  },
  history: {
    gift: "history: what was said while a bridge was away, or before anybody here subscribed",
    instead: "what the bridges themselves have kept, and a gap notice where that does not reach",
  },
  lastingHistory: {
    gift: "history that outlives a crash of the server",
    instead: "a gap notice after the server's restart",
  },
  ids: {
    gift: "message ids that are the same at every bridge",
    instead:
      "ids that mean something at one bridge only: who goes on at another bridge is told that something may be missing",
  },
  announcements: {
    gift: "announcements between bridges that people do not see",
    instead: "browsers in the presence lists of their own bridge only",
  },
  times: {
    gift: "the server's time on each message",
    instead: "the bridge's clock",
  },
};

/** Plain RFC 1459. The ids are ours. */
const NOTHING: Gives = {
  oneOrder: true,
  history: false,
  lastingHistory: false,
  ids: true,
  announcements: false,
  times: false,
};

/** Rooms with an archive. A message that is just said has no time in it. */
const ROOMS: Gives = {
  oneOrder: true,
  history: true,
  lastingHistory: true,
  ids: true,
  announcements: true,
  times: false,
};

/** InspIRCd with its modules for IRCv3. */
const INSPIRCD: Gives = { ...ROOMS, lastingHistory: false, times: true };

/** Ergo, which no distribution has: it is run by hand, and so has no column. Each of its clients is served by itself. */
export const ERGO: Gives = { ...INSPIRCD, oneOrder: false };

/** The servers, as docs/networks.md calls them, and what each gives. */
export const SERVERS = {
  embedded: { title: "the embedded IRC server", gives: { ...NOTHING, announcements: true, times: true } },
  ngircd: { title: "ngIRCd", gives: NOTHING },
  inspircd: {
    title: "InspIRCd",
    gives: INSPIRCD,
  },
  prosody: { title: "Prosody", gives: ROOMS },
  ejabberd: { title: "ejabberd", gives: ROOMS },
} as const satisfies Readonly<Record<string, { readonly title: string; readonly gives: Gives }>>;
