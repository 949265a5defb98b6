import { execFile } from "node:child_process";
import { chmod, mkdtemp, readFile, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { promisify } from "node:util";
import { find } from "./executables.ts";
import { freePort } from "./free-port.ts";
import { IMAGES } from "./images.ts";
import { ProcessServer } from "./process-server.ts";

const run = promisify(execFile);

/** What a variant of a server's configuration may need. */
export interface VariantPlace {
  /** Readable by the server. */
  readonly folder: string;
  /** Another free port, for TLS. */
  readonly tlsPort: number;
}

/** A real IRC server with another configuration, as a child process. */
export interface Variant extends VariantPlace, AsyncDisposable {
  readonly server: ProcessServer;
}

/**
 * Starts an IRC server from the system's packages with a changed copy of the repository's configuration.
 *
 * @param change gets the text, and where its files may be
 */
export async function startVariant(
  name: "ngircd" | "inspircd",
  change: (text: string, place: VariantPlace) => string | Promise<string>,
): Promise<Variant> {
  const [port, tlsPort] = [await freePort(), await freePort()];
  const folder = await mkdtemp(join(tmpdir(), `tailspin-${name}-`));
  await chmod(folder, 0o755); // Started as root, the server runs as nobody.
  const file = join(folder, `${name}.conf`);
  const original = await readFile(join(IMAGES[name].folder, `${name}.conf`), "utf8");
  const moved = original.replace(String(IMAGES[name].port), String(port)).replace("0.0.0.0", "127.0.0.1");
  await writeFile(file, await change(moved, { folder, tlsPort }));
  const args = name === "ngircd" ? ["--nodaemon", "--config", file] : ["--nofork", "--nopid", "--config", file];
  const server = await ProcessServer.start({
    name,
    port,
    command: find(name),
    args,
    isUnprivileged: true,
    probe: IMAGES[name].probe,
    cleanUp: () => rm(folder, { recursive: true, force: true }),
  });
  return { server, folder, tlsPort, [Symbol.asyncDispose]: () => server[Symbol.asyncDispose]() };
}

/** Replaces what must be there exactly once. */
export function replaceOnce(text: string, from: string, to: string): string {
  if (text.split(from).length !== 2) throw new Error(`the configuration does not hold "${from}" exactly once`);
  return text.replace(from, to);
}

/** Files of a certificate. */
export interface Certificate {
  readonly certFile: string;
  readonly keyFile: string;
}

/** A certificate authority of a test. */
export interface Authority extends Certificate {
  /** Makes a certificate for a name or an address. */
  issue(name: string): Promise<Certificate>;
}

/** @throws Error saying what to install */
export async function makeAuthority(folder: string): Promise<Authority> {
  const openssl = find("openssl");
  const subject = (name: string): string[] => ["-subj", `/CN=${name}`];
  const key = ["-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:P-256", "-nodes"];
  const filesOf = (name: string): Certificate => ({
    certFile: join(folder, `${name}.crt`),
    keyFile: join(folder, `${name}.key`),
  });
  const ca = filesOf("authority");
  await run(openssl, [
    "req",
    "-x509",
    ...key,
    "-days",
    "2",
    ...subject("Test"),
    "-keyout",
    ca.keyFile,
    "-out",
    ca.certFile,
  ]);
  return {
    ...ca,
    issue: async (name) => {
      const { certFile, keyFile } = filesOf(name);
      const signed = ["-CA", ca.certFile, "-CAkey", ca.keyFile, "-days", "2"];
      const kind = /^[\d.]+$/.test(name) ? "IP" : "DNS";
      const names = ["-addext", `subjectAltName=${kind}:${name}`, "-addext", "basicConstraints=critical,CA:FALSE"];
      await run(openssl, [
        "req",
        "-x509",
        ...key,
        ...signed,
        ...names,
        ...subject(name),
        "-keyout",
        keyFile,
        "-out",
        certFile,
      ]);
      await chmod(keyFile, 0o644);
      return { certFile, keyFile };
    },
  };
}
