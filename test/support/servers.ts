import { chmod, copyFile, mkdir, mkdtemp, readFile, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import { fileURLToPath } from "node:url";
import { ContainerServer } from "./container-server.ts";
import { chosenEngine } from "./engine.ts";
import { find } from "./executables.ts";
import { freePort } from "./free-port.ts";
import { freePorts, IMAGES, type ServerImage, type ServerPorts } from "./images.ts";
import { askIrc } from "./probes.ts";
import { ProcessServer } from "./process-server.ts";
import { replaceOnce } from "./server-variants.ts";
import type { TestServer } from "./test-server.ts";

export type { TestServer } from "./test-server.ts";

/** How a server runs as a child process, and what of its configuration is not as in a container. */
interface Recipe {
  readonly command: string;
  /** A script beside the configuration that it needs too. */
  readonly script?: string;
  /** @param file its configuration @param data a folder of its own, which outlives a stop */
  args(file: string, data: string): readonly string[];
  /** Passages of the configuration, each there exactly once, and what stands there instead. */
  edits(ports: ServerPorts, data: string): readonly (readonly [from: string, to: string])[];
}

/** ngIRCd: a plain RFC 1459 server. */
export function startNgircd(): Promise<TestServer> {
  return startReal(IMAGES.ngircd, "ngircd.conf", {
    command: "ngircd",
    args: (file) => ["--nodaemon", "--config", file],
    edits: ({ port }) => [
      ["Ports = 6667", `Ports = ${port}`],
      ["Listen = 0.0.0.0", "Listen = 127.0.0.1"],
    ],
  });
}

/** InspIRCd: tags, echo, server time and message ids. */
export function startInspircd(): Promise<TestServer> {
  return startReal(IMAGES.inspircd, "inspircd.conf", {
    command: "inspircd",
    args: (file) => ["--nofork", "--nopid", "--config", file],
    edits: ({ port }) => [
      [`port="6667"`, `port="${port}"`],
      [`bind address="0.0.0.0"`, `bind address="127.0.0.1"`],
    ],
  });
}

/** Prosody: XMPP rooms with an archive in SQLite. */
export function startProsody(): Promise<TestServer> {
  return startReal(IMAGES.prosody, "prosody.cfg.lua", {
    command: "sh",
    script: "start",
    args: (file) => [join(dirname(file), "start"), file],
    edits: ({ port, otherPorts }, data) => [
      ["c2s_ports = { 5222 }", `c2s_ports = { ${port} }`],
      ["component_ports = { 5347 }", `component_ports = { ${otherPorts["component"]} }`],
      [`\ninterfaces = { "0.0.0.0" }`, `\ninterfaces = { "127.0.0.1" }`],
      [`component_interfaces = { "0.0.0.0" }`, `component_interfaces = { "127.0.0.1" }`],
      [`pidfile = "/var/lib/prosody/prosody.pid"`, `pidfile = "${data}/prosody.pid"`],
      [`data_path = "/var/lib/prosody"`, `data_path = "${data}"`],
      [`certificates = "/var/lib/prosody/"`, `certificates = "${data}"`],
    ],
  });
}

/** ejabberd: XMPP rooms with an archive in SQLite. */
export function startEjabberd(): Promise<TestServer> {
  return startReal(IMAGES.ejabberd, "ejabberd.yml", {
    command: "sh",
    script: "start",
    args: (file, data) => [join(dirname(file), "start"), file, data],
    edits: ({ port, otherPorts }, data) => [
      [`ip: "0.0.0.0"\n    port: 5222`, `ip: "127.0.0.1"\n    port: ${port}`],
      [`ip: "0.0.0.0"\n    port: 5347`, `ip: "127.0.0.1"\n    port: ${otherPorts["component"]}`],
      ["/var/lib/ejabberd/tailspin.db", `${data}/tailspin.db`],
    ],
  });
}

/** The server that `tailspin up` embeds, in a process of its own so that it can be killed like the others. */
export async function startEmbedded(): Promise<TestServer> {
  const port = await freePort();
  const script = fileURLToPath(new URL("embedded-main.ts", import.meta.url));
  const args = [script, String(port)];
  return ProcessServer.start({ name: "embedded", port, probe: askIrc, command: process.execPath, args });
}

/** Every IRC server that the tests run against, for suites that go over all of them. */
export const IRC_SERVERS = { ngircd: startNgircd, inspircd: startInspircd, embedded: startEmbedded } as const;

/** The same of XMPP. */
export const XMPP_SERVERS = { prosody: startProsody, ejabberd: startEjabberd } as const;

async function startReal(image: ServerImage, fileName: string, recipe: Recipe): Promise<TestServer> {
  if (chosenEngine() === "docker") return ContainerServer.start(image);
  const ports = await freePorts(image);
  const folder = await mkdtemp(join(tmpdir(), `tailspin-${image.name}-`));
  const data = join(folder, "data");
  const file = join(folder, fileName);
  const original = await readFile(join(image.folder, fileName), "utf8");
  const edited = recipe.edits(ports, data).reduce((text, [from, to]) => replaceOnce(text, from, to), original);
  await writeFile(file, edited);
  if (recipe.script !== undefined) await copyFile(join(image.folder, recipe.script), join(folder, recipe.script));
  // Started as root, the server runs as nobody, who may not be able to read this repository.
  await chmod(folder, 0o755);
  await mkdir(data);
  await chmod(data, 0o777);
  return ProcessServer.start({
    name: image.name,
    ...ports,
    probe: image.probe,
    command: find(recipe.command),
    args: recipe.args(file, data),
    isUnprivileged: true,
    cleanUp: () => rm(folder, { recursive: true, force: true }),
  });
}
