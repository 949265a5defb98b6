import type { Message } from "irc-framework";

/** What a server says: one line, taken apart. */
export type IrcLine = Message;
