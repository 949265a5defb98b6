import { mkdtemp, readFile, rm, writeFile, chmod } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { ContainerServer } from "./container-server.ts";
import { chosenEngine } from "./engine.ts";
import { find } from "./executables.ts";
import { freePort } from "./free-port.ts";
import { IMAGES, IRC_PORT_INSIDE, type ServerImage } from "./images.ts";
import { ProcessServer } from "./process-server.ts";
import { replaceOnce } from "./server-variants.ts";
import type { TestServer } from "./test-server.ts";

export type { TestServer } from "./test-server.ts";

/** ngIRCd: a plain RFC 1459 server. */
export function startNgircd(): Promise<TestServer> {
  return startReal(IMAGES.ngircd, (file) => ["--nodaemon", "--config", file], [
    ["Ports = ", ""],
    ["Listen = ", ""],
  ]);
}

/** InspIRCd: tags, echo, server time and message ids. */
export function startInspircd(): Promise<TestServer> {
  return startReal(IMAGES.inspircd, (file) => ["--nofork", "--nopid", "--config", file], [
    [`port="`, `"`],
    [`bind address="`, `"`],
  ]);
}

/** The server that `tailspin up` embeds, in a process of its own so that it can be killed like the others. */
export async function startEmbedded(): Promise<TestServer> {
  const port = await freePort();
  const script = fileURLToPath(new URL("embedded-main.ts", import.meta.url));
  return ProcessServer.start({ name: "embedded", port, command: process.execPath, args: [script, String(port)] });
}

/** Every server that the tests run against, for suites that go over all of them. */
export const SERVERS = { ngircd: startNgircd, inspircd: startInspircd, embedded: startEmbedded } as const;

async function startReal(
  image: ServerImage,
  args: (file: string) => string[],
  marks: readonly [port: readonly [string, string], host: readonly [string, string]],
): Promise<TestServer> {
  if (chosenEngine() === "docker") return ContainerServer.start(image);
  const port = await freePort();
  const folder = await mkdtemp(join(tmpdir(), `tailspin-${image.name}-`));
  const file = join(folder, `${image.name}.conf`);
  const original = await readFile(join(image.folder, `${image.name}.conf`), "utf8");
  const [[beforePort, afterPort], [beforeHost, afterHost]] = marks;
  const moved = replaceOnce(
    original,
    `${beforePort}${IRC_PORT_INSIDE}${afterPort}`,
    `${beforePort}${port}${afterPort}`,
  );
  await writeFile(file, replaceOnce(moved, `${beforeHost}0.0.0.0${afterHost}`, `${beforeHost}127.0.0.1${afterHost}`));
  await chmod(folder, 0o755); // Started as root, the server runs as nobody.
  return ProcessServer.start({
    name: image.name,
    port,
    command: find(image.name),
    args: args(file),
    isUnprivileged: true,
    cleanUp: () => rm(folder, { recursive: true, force: true }),
  });
}
