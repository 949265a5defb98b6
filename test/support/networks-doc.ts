import { writeFileSync } from "node:fs";
import { GIFTS, SERVERS, type Gives } from "../contract/network/gives.ts";

/** Where the document is. */
export const NETWORKS_DOC = new URL("../../docs/networks.md", import.meta.url);

/** What docs/networks.md has to say, made from what the contract suite holds each server to. */
export function networksDoc(): string {
  const servers = Object.values(SERVERS);
  const row = (cells: readonly string[]): string => `| ${cells.join(" | ")} |`;
  const rows = Object.entries(GIFTS).map(([name, { gift, instead }]) => {
    const given = servers.map(({ gives }) => (gives[name as keyof Gives] ? "yes" : "–"));
    return row([gift, ...given, instead]);
  });
  const heads = ["", ...servers.map(({ title }) => title), "where it is missing, you get"];
  return `# Networks

What a browser gets is the same on every network: messages in the network's order, each publish answered when the server
has taken it, who is there, and a notice wherever something may be missing. One suite of tests (\`test/contract/network/\`) runs
over all of these servers, as they come with Debian 12, and holds each to its column.

${[row(heads), row(heads.map(() => "---")), ...rows].join("\n")}

ngIRCd has no ids: the bridges on one server count its messages alike, and a second connection comes into a channel for a moment
whenever a bridge joins another one there ([channels.md](channels.md#ids-where-the-server-has-none)). So a bridge needs one connection
more than its receivers and senders. On linked ngIRCd, only bridges on the same server have the same ids.

[Ergo](https://ergo.chat) is in no distribution, so its tests are run by hand (\`ERGO_PATH=… npx vitest run --project ergo\`); version
2.20 passed all of the suite, as InspIRCd does, with one difference: it serves each client by itself, so those who speak at once are not heard in the same order by
all, only each in its own. Of what it offers beyond the others, bridges use \`draft/chathistory\`, \`draft/multiline\`,
\`draft/relaymsg\` and \`account-tag\` ([channels.md](channels.md)). A bridge there needs:

- an operator of its own, \`irc.oper\`, of a class with \`nofakelag\` and \`relaymsg\`; without it, fakelag slows it down to two lines a
  second, and browsers have their names before their texts;
- an exemption in \`ip-limits\`, for its connections;
- \`force-nick-equals-account: false\`, if it logs in with \`irc.sasl\`: else all connections of an account are one user, and the bridge
  says so and stays away.

InspIRCd keeps history for channels with mode \`+H\`, until they empty. A room of an XMPP server keeps it if its archive is on.
Prosody's archive belongs into SQL: kept as plain files (its default), a room with more than 10,000 messages takes some 50 a second, and
where that limit is raised, each question about its history reads the whole room while everybody else waits. Its list of persistent
rooms belongs there too (\`persistent = "sql"\`): as a plain file it is written anew for each new room, as long as it is by then. Between 600 and
900 rooms, a join costs Prosody 2.6 times as much CPU that way.

A bridge joins at most \`xmpp.maxJoins\` rooms at a time (50), and the others after them: a server that was asked for thousands at once
would answer the last ones after \`xmpp.joinTimeoutMs\`, and the bridge ask again. What it publishes to a room that waits for its turn
after an outage is held as for any that is not back.

The stack of \`docker-compose.yml\` has InspIRCd and Prosody. With the others:

\`\`\`sh
docker-compose -f docker-compose.yml -f docker/compose.ngircd.yml up --build
docker-compose -f docker-compose.yml -f docker/compose.ejabberd.yml up --build
docker-compose -f examples/linked/docker-compose.yml up --build   # two linked InspIRCd, a bridge on each
\`\`\`

\`docker/\` has a Dockerfile and a commented configuration for each. The XMPP servers there have one account for the
bridges, \`bridge@localhost\`, whose password is \`TAILSPIN_XMPP_PASSWORD\` of their environment; nine component domains,
\`bridge1.localhost\` to \`bridge9.localhost\`, one for each bridge that connects as a component; rooms at \`muc.localhost\`; and a
domain for guests without an account, \`guest.localhost\`. Nobody can make an account over the network. Nothing is
encrypted and no limit is set: publish their ports on loopback only.
`;
}

if (process.argv[1] === import.meta.filename) {
  writeFileSync(NETWORKS_DOC, networksDoc());
  console.log(networksDoc());
}
