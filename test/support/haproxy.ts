import { execFileSync, spawn, type ChildProcess } from "node:child_process";
import { once } from "node:events";
import { mkdtemp, readFile, rm, writeFile } from "node:fs/promises";
import { connect } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { setTimeout as after } from "node:timers/promises";
import { find } from "./executables.ts";
import { freePort } from "./free-port.ts";

const HOST = "127.0.0.1";
const START_MS = 10_000;
const RETRY_MS = 20;

/** HAProxy in front of dispatchers, round robin: HTTP/1.1 on one port, HTTP/2 over TLS on another. */
export class Haproxy implements AsyncDisposable {
  readonly plainPort: number;
  readonly plainUrl: string;
  readonly tlsUrl: string;
  readonly #child: ChildProcess;
  readonly #folder: string;

  private constructor(child: ChildProcess, folder: string, plainPort: number, tlsPort: number) {
    this.#child = child;
    this.#folder = folder;
    this.plainPort = plainPort;
    this.plainUrl = `http://${HOST}:${plainPort}`;
    this.tlsUrl = `https://${HOST}:${tlsPort}`;
  }

  /**
   * @param versionHeader in which dispatchers are told the browser's version of HTTP
   * @param check how it finds out that a dispatcher is away, for `default-server`; none: it does not
   */
  static async start(
    dispatchers: readonly { readonly port: number }[],
    versionHeader: string,
    check = "",
  ): Promise<Haproxy> {
    const folder = await mkdtemp(join(tmpdir(), "tailspin-haproxy-"));
    const [plainPort, tlsPort] = [await freePort(), await freePort()];
    const file = join(folder, "haproxy.cfg");
    const servers = dispatchers.map(({ port }, index) => `  server dispatcher-${index} ${HOST}:${port}`);
    if (check !== "") {
      servers.unshift(
        "  option httpchk GET /health",
        "  http-check expect status 200",
        `  default-server check ${check}`,
      );
    }
    await writeFile(file, configuration(plainPort, tlsPort, await makeCertificate(folder), versionHeader, servers));
    const bound = process.platform === "linux" ? ["setpriv", "--pdeathsig", "KILL", "--"] : [];
    const [command, ...args] = [...bound, find("haproxy"), "-db", "-q", "-f", file];
    const child = spawn(command, args, { stdio: ["ignore", "ignore", "inherit"] });
    const haproxy = new Haproxy(child, folder, plainPort, tlsPort);
    try {
      await Promise.all([plainPort, tlsPort].map((port) => waitForPort(port, child)));
    } catch (error) {
      await haproxy[Symbol.asyncDispose]();
      throw error;
    }
    return haproxy;
  }

  async [Symbol.asyncDispose](): Promise<void> {
    if (this.#child.exitCode === null && this.#child.signalCode === null) {
      const ended = once(this.#child, "exit");
      this.#child.kill("SIGKILL");
      await ended;
    }
    await rm(this.#folder, { recursive: true, force: true });
  }
}

/** @returns the file with a key and a certificate that it signed itself */
async function makeCertificate(folder: string): Promise<string> {
  const [key, certificate, both] = ["key.pem", "certificate.pem", "both.pem"].map((name) => join(folder, name));
  if (key === undefined || certificate === undefined || both === undefined) throw new Error("three names make three");
  const request = ["req", "-x509", "-newkey", "rsa:2048", "-nodes", "-days", "1", "-subj", `/CN=${HOST}`];
  execFileSync(find("openssl"), [...request, "-keyout", key, "-out", certificate], { stdio: "ignore" });
  await writeFile(both, Buffer.concat([await readFile(certificate), await readFile(key)]));
  return both;
}

function configuration(
  plainPort: number,
  tlsPort: number,
  certificate: string,
  versionHeader: string,
  servers: readonly string[],
): string {
  return `
global
  tune.ssl.default-dh-param 2048
defaults
  mode http
  retries 0
  timeout connect 2s
  timeout client 60s
  timeout server 60s
frontend web
  bind ${HOST}:${plainPort}
  bind ${HOST}:${tlsPort} ssl crt ${certificate} alpn h2,http/1.1
  http-request set-header ${versionHeader} %[req.ver]
  default_backend dispatchers
backend dispatchers
  balance roundrobin
${servers.join("\n")}
`;
}

async function waitForPort(port: number, child: ChildProcess): Promise<void> {
  const deadlineMs = Date.now() + START_MS;
  while (Date.now() < deadlineMs && child.exitCode === null) {
    const socket = connect(port, HOST);
    try {
      await once(socket, "connect");
      return;
    } catch {
      await after(RETRY_MS); // Not there yet: there is no event for it, so ask again.
    } finally {
      socket.destroy();
    }
  }
  throw new Error(`HAProxy does not answer on port ${port}`);
}
