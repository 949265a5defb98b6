import { globSync } from "node:fs";
import { fileURLToPath } from "node:url";
import { lookFor } from "./executables.ts";
import { freePort } from "./free-port.ts";
import { askIrc, askXmpp, type Probe } from "./probes.ts";

/** A server that exists as a Debian package, and as an image built from it by a Dockerfile of this repository. */
export interface ServerImage {
  readonly name: "ngircd" | "inspircd" | "prosody" | "ejabberd";
  /** Folder of the Dockerfile and of the configuration. */
  readonly folder: string;
  readonly tag: string;
  /** The port for clients that the configuration names; in a container it is published on another one. */
  readonly port: number;
  /** The same of its other ports, by what they are for. */
  readonly otherPorts: Readonly<Record<string, number>>;
  readonly probe: Probe;
  /** Debian packages to install before it runs as a child process. */
  readonly missingPackages: () => string[];
}

/** Where one running server listens. */
export interface ServerPorts {
  readonly port: number;
  readonly otherPorts: Readonly<Record<string, number>>;
}

/** Its value is the process id of the test process that a container belongs to. */
export const OWNER_LABEL = "tailspin.test.owner";

const IRC = { port: 6667, otherPorts: {}, probe: askIrc } as const;
const XMPP = { port: 5222, otherPorts: { component: 5347 }, probe: askXmpp } as const;

/** The servers that the tests need, by name. */
export const IMAGES = {
  ngircd: image("ngircd", IRC, () => lackingProgram("ngircd", "ngircd")),
  inspircd: image("inspircd", IRC, () => lackingProgram("inspircd", "inspircd")),
  prosody: image("prosody", XMPP, () => [
    ...lackingProgram("prosody", "prosody"),
    ...lackingFile("lua-dbi-sqlite3", "/usr/lib/*/lua/5.4/dbd/sqlite3.so"),
  ]),
  ejabberd: image("ejabberd", XMPP, () => [
    ...lackingProgram("ejabberd", "ejabberdctl"),
    ...lackingFile("erlang-p1-sqlite3", "/usr/lib/erlang/lib/p1_sqlite3-*"),
  ]),
} as const;

/** Ports for a server to be started. */
export async function freePorts({ otherPorts }: ServerImage): Promise<ServerPorts> {
  const port = await freePort();
  const others: Record<string, number> = {};
  for (const name of Object.keys(otherPorts)) {
    do others[name] = await freePort();
    while (others[name] === port);
  }
  return { port, otherPorts: others };
}

function image(
  name: ServerImage["name"],
  kind: Pick<ServerImage, "port" | "otherPorts" | "probe">,
  missingPackages: () => string[],
): ServerImage {
  return {
    name,
    folder: fileURLToPath(new URL(`../../docker/${name}`, import.meta.url)),
    tag: `tailspin-test-${name}:latest`,
    ...kind,
    missingPackages,
  };
}

function lackingProgram(packageName: string, program: string): string[] {
  return lookFor(program) === undefined ? [packageName] : [];
}

/** For libraries, which are no programs. */
function lackingFile(packageName: string, pattern: string): string[] {
  return globSync(pattern).length > 0 ? [] : [packageName];
}
