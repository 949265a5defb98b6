/** What `docs/conformance.md` says around the table. */
export function documentWith(table: string): string {
  return `# Conformance

The unmodified clients against the whole stack: an IRC server, a bridge and two dispatchers, each a process of its own,
behind a balancer that gives every request, and every WebSocket, to the other dispatcher than the last. \`npm run
conformance\` has each row's conversation, prints this table, and fails where this page says something else; \`npm run
conformance -- -u\` writes it anew.

${table}

What a column stands for, in \`test/conformance/features.ts\`:

- **subscribe**, **publish**, **receive**: one channel, both ways, with somebody on IRC: everything once and in order.
- **array**: several channels at once. Faye sends a subscribe for each, in one array of messages; cometd.js has no call for
  it, so its row sends one subscribe with an array of channels.
- **wildcard**: a subscribe to \`/…/*\`, and a message in a channel that it matches.
- **service**: a question to a program on IRC, and its answer, which the asker alone gets.
- **reconnect**: all TCP connections are cut; the session goes on with its clientId, on the same transport, and what is
  said after that arrives once. What is lost and what is not while a cut goes on is in [guarantees.md](guarantees.md).
- **disconnect**: answered, and the session is gone: its clientId is \`402\` from then on.
- **ack**, **timestamp**, **timesync**, **binary**, **reload** are extensions of cometd.js, all of them registered in the
  \`extended\` rows. A page can be reloaded in a browser only.

\`–\` is what a client does not have. In Node, cometd.js has no callback-polling, and Faye none of its browser transports.
The rows of \`cross-origin-long-polling\` are of a page from another, allowed origin.
`;
}
