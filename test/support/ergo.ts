import { execFile } from "node:child_process";
import { chmod, chown, mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { promisify } from "node:util";
import { isExecutable } from "./executables.ts";
import { freePort } from "./free-port.ts";
import { askIrc } from "./probes.ts";
import { ProcessServer } from "./process-server.ts";
import type { TestServer } from "./test-server.ts";

const run = promisify(execFile);

/** Debian's `nobody`, as which servers run that were started as root. */
const NOBODY = { uid: 65_534, gid: 65_534 } as const;

/** What the tests let the bridge be, so that it may speak in other names everywhere. */
export const ERGO_OPER = { name: "tailspin", password: "let-us-relay" } as const;

/** Ergo: everything that IRCv3 has. It is not in Debian, so `ERGO_PATH` names it. @param change makes another configuration of ours */
export async function startErgo(change: (configuration: string) => string = (same) => same): Promise<TestServer> {
  const command = ergoPath();
  const port = await freePort();
  const folder = await mkdtemp(join(tmpdir(), "tailspin-ergo-"));
  const file = join(folder, "ircd.yaml");
  const cleanUp = (): Promise<void> => rm(folder, { recursive: true, force: true });
  try {
    await writeFile(file, change(configuration(port, folder, await hashOf(command, ERGO_OPER.password))));
    await run(command, ["initdb", "--quiet", "--conf", file]);
    await giveAway(folder, file);
  } catch (error) {
    await cleanUp();
    throw error;
  }
  const args = ["run", "--conf", file];
  return ProcessServer.start({ name: "ergo", port, probe: askIrc, command, args, isUnprivileged: true, cleanUp });
}

/** @throws Error saying what to set */
function ergoPath(): string {
  const path = process.env["ERGO_PATH"] ?? "";
  if (!isExecutable(path)) {
    const found = path === "" ? "is not set" : `is "${path}", which is not a program`;
    throw new Error(`these tests need an Ergo: ERGO_PATH ${found}; it must name the program (https://ergo.chat)`);
  }
  return path;
}

async function hashOf(command: string, password: string): Promise<string> {
  const asked = run(command, ["genpasswd"]);
  asked.child.stdin?.end(`${password}\n`);
  return (await asked).stdout.trim();
}

/** The server runs as nobody where we are root, and writes its data base. */
async function giveAway(folder: string, file: string): Promise<void> {
  await chmod(folder, 0o755);
  await chmod(file, 0o644);
  if (process.getuid?.() !== 0) return;
  for (const path of [folder, join(folder, "ircd.db")]) await chown(path, NOBODY.uid, NOBODY.gid);
}

/** Its own default configuration, without what would slow tests down: limits of connections and of speed. */
function configuration(port: number, folder: string, operHash: string): string {
  return `
network:
  name: TailSpinTest
server:
  name: ergo.tailspin.test
  listeners:
    "127.0.0.1:${port}": {}
  casemapping: ascii
  enforce-utf8: true
  lookup-hostnames: false
  check-ident: false
  coerce-ident: "~u"
  max-sendq: 64M
  relaymsg: { enabled: true, separators: "/", available-to-chanops: true }
  compatibility: { force-trailing: true, send-unprefixed-sasl: true, allow-truncation: false }
  ip-limits: { count: false, throttle: false }
  ip-cloaking: { enabled: true, netname: irc, cidr-len-ipv4: 32, cidr-len-ipv6: 64, num-bits: 64 }
  idle-timeouts: { registration: 60s, ping: 1m30s, disconnect: 2m30s }
accounts:
  authentication-enabled: true
  registration: { enabled: true, allow-before-connect: true, throttling: { enabled: false }, bcrypt-cost: 4 }
  login-throttling: { enabled: false }
  nick-reservation: { enabled: true, method: strict, guest-nickname-format: "Guest-*", force-nick-equals-account: true }
  multiclient: { enabled: true, allowed-by-default: true, always-on: opt-in, auto-away: opt-in }
  default-user-modes: +i
channels:
  default-modes: +ntC
  max-channels-per-client: 100
  registration: { enabled: true, max-channels-per-account: 15 }
  list-delay: 0s
oper-classes:
  bridge: { title: Bridge, capabilities: [nofakelag, relaymsg] }
opers:
  ${ERGO_OPER.name}: { class: bridge, hidden: true, password: "${operHash}" }
logging:
  - { method: stderr, type: "* -userinput -useroutput", level: warn }
lock-file: "${folder}/ircd.lock"
datastore: { path: "${folder}/ircd.db", autoupgrade: true }
languages: { enabled: false, default: en, path: languages }
limits:
  nicklen: 32
  identlen: 20
  realnamelen: 150
  channellen: 64
  awaylen: 390
  kicklen: 390
  topiclen: 390
  monitor-entries: 100
  whowas-entries: 100
  chan-list-modes: 100
  registration-messages: 1024
  multiline: { max-bytes: 4096, max-lines: 100 }
fakelag: { enabled: false }
history:
  enabled: true
  channel-length: 2048
  client-length: 256
  autoresize-window: 3d
  autoreplay-on-join: 0
  chathistory-maxmessages: 1000
  znc-maxmessages: 2048
  restrictions: { expire-time: 1w, query-cutoff: none, grace-period: 1h }
  persistent: { enabled: false }
  tagmsg-storage: { default: false }
`;
}
