import { chmod, mkdtemp, readFile, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { find } from "./executables.ts";
import { freePort } from "./free-port.ts";
import { Gate } from "./gate.ts";
import { IMAGES } from "./images.ts";
import { askIrc } from "./probes.ts";
import { ProcessServer } from "./process-server.ts";

/** Two InspIRCd that are one network, and what their link goes through. */
export interface LinkedInspircd extends AsyncDisposable {
  readonly a: ProcessServer;
  readonly b: ProcessServer;
  /** Shut, the network is split; it heals about a second after it opens. */
  readonly link: Gate;
}

/** One of the two, as the other sees it. */
interface Peer {
  readonly name: string;
  readonly port: number;
}

const PASSWORD = "for-tests-only";

/** Starts both as child processes, with the repository's configuration and a link. They may take a second to find each other. */
export async function startLinkedInspircd(): Promise<LinkedInspircd> {
  await using resources = new AsyncDisposableStack();
  const linkPort = await freePort();
  const link = resources.use(await Gate.start({ host: "127.0.0.1", port: linkPort }));
  const [aName, bName] = ["a.tailspin.test", "b.tailspin.test"];
  // A connects to B; so only A has to know a port of the other that leads there.
  const b = resources.use(await startOne(bName, "2BB", linkPort, { name: aName, port: linkPort }, false));
  const a = resources.use(await startOne(aName, "1AA", null, { name: bName, port: link.port }, true));
  const moved = resources.move();
  return { a, b, link, [Symbol.asyncDispose]: () => moved.disposeAsync() };
}

async function startOne(
  name: string,
  id: string,
  linkPort: number | null,
  peer: Peer,
  isCaller: boolean,
): Promise<ProcessServer> {
  const port = await freePort();
  const folder = await mkdtemp(join(tmpdir(), "tailspin-inspircd-"));
  await chmod(folder, 0o755); // Started as root, the server runs as nobody.
  const file = join(folder, "inspircd.conf");
  const original = await readFile(join(IMAGES.inspircd.folder, "inspircd.conf"), "utf8");
  const link = [
    `<module name="spanningtree">`,
    ...(linkPort === null ? [] : [`<bind address="127.0.0.1" port="${linkPort}" type="servers">`]),
    `<link name="${peer.name}" ipaddr="127.0.0.1" port="${peer.port}" allowmask="127.0.0.0/8"`,
    `  sendpass="${PASSWORD}" recvpass="${PASSWORD}" timeout="5">`,
    ...(isCaller ? [`<autoconnect period="1" server="${peer.name}">`] : []),
  ];
  const edited = original
    .replace(`name="irc.tailspin.test"`, `name="${name}"`)
    .replace(`id="1AA"`, `id="${id}"`)
    .replace(`port="6667"`, `port="${port}"`)
    .replace(`address="0.0.0.0"`, `address="127.0.0.1"`);
  await writeFile(file, `${edited}\n${link.join("\n")}\n`);
  return ProcessServer.start({
    name,
    port,
    probe: askIrc,
    command: find("inspircd"),
    args: ["--nofork", "--nopid", "--config", file],
    isUnprivileged: true,
    cleanUp: () => rm(folder, { recursive: true, force: true }),
  });
}
