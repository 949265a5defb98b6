/**
 * Makes the servers that the tests need available, before the first test: images where a Docker engine answers, else
 * the system's packages. Vitest calls `setup`; `node test/support/prepare.ts` does the same alone.
 */
import { execFileSync, spawnSync } from "node:child_process";
import { existsSync, rmSync, writeFileSync } from "node:fs";
import { GenericContainer, getContainerRuntimeClient } from "testcontainers";
import { dockerAnswers, fixEngine, requestedEngine, type Engine } from "./engine.ts";
import { isExecutable, lookFor, lookForPython } from "./executables.ts";
import { IMAGES, OWNER_LABEL } from "./images.ts";

/** Names under which Chromium is known, the most usual first. */
const CHROMIUM = ["chromium", "chromium-browser", "google-chrome", "google-chrome-stable"] as const;

/** What runs the examples, and what stands before dispatchers: each program with the package that has it. */
const PROGRAMS = {
  python3: "python3",
  perl: "perl",
  php: "php-cli",
  go: "golang-go",
  nc: "netcat-openbsd",
  haproxy: "haproxy",
  openssl: "openssl",
} as const;

let prepared: Promise<void> | undefined;

/** Vitest's global set-up: the same work for all projects, so it is done once. */
export function setup(): Promise<void> {
  process.env["TESTCONTAINERS_RYUK_DISABLED"] = "true";
  process.env["TESTCONTAINERS_HOST_OVERRIDE"] = "127.0.0.1";
  prepared ??= prepare();
  return prepared;
}

/** Where Chromium is, or undefined. */
export function chromiumPath(): string | undefined {
  const asked = process.env["CHROMIUM_PATH"];
  if (asked === undefined || asked === "") return lookFor(...CHROMIUM);
  if (!isExecutable(asked)) throw new Error(`CHROMIUM_PATH is "${asked}", which is not a program`);
  return asked;
}

async function prepare(): Promise<void> {
  const engine = await prepareEngine();
  fixEngine(engine);
  const packages: string[] =
    engine === "processes" ? Object.values(IMAGES).flatMap(({ missingPackages }) => missingPackages()) : [];
  if (chromiumPath() === undefined) packages.push("chromium");
  for (const [program, name] of Object.entries(PROGRAMS)) if (lookFor(program) === undefined) packages.push(name);
  if (!hasPythonModule("slixmpp")) packages.push("python3-slixmpp");
  if (packages.length > 0) install(packages);
  say(
    engine === "docker"
      ? "IRC and XMPP servers run in containers"
      : "IRC and XMPP servers run as child processes, from the system's packages",
  );
}

function hasPythonModule(name: string): boolean {
  const python = lookForPython();
  const search = `import importlib.util, sys; sys.exit(importlib.util.find_spec("${name}") is None)`;
  return python !== undefined && spawnSync(python, ["-c", search]).status === 0;
}

async function prepareEngine(): Promise<Engine> {
  const requested = requestedEngine();
  if (requested === "processes") return requested;
  if (!(await dockerAnswers())) {
    if (requested === "docker") throw new Error("TEST_ENGINE is docker, but no Docker engine answers");
    return "processes";
  }
  try {
    await removeLeftovers();
    for (const { folder, tag } of Object.values(IMAGES)) {
      await GenericContainer.fromDockerfile(folder).build(tag, { deleteOnExit: false });
    }
    return "docker";
  } catch (error) {
    if (requested === "docker") throw error;
    say(`a Docker engine answers, but cannot build the images (is debian:bookworm-slim there?): ${String(error)}`);
    return "processes";
  }
}

/** Containers of test processes that ended without removing them. */
async function removeLeftovers(): Promise<void> {
  const { container } = await getContainerRuntimeClient();
  for (const { Id, Labels } of await container.list()) {
    const owner = Labels[OWNER_LABEL];
    if (owner !== undefined && !isAlive(Number(owner))) await container.getById(Id).remove({ force: true, v: true });
  }
}

function isAlive(pid: number): boolean {
  try {
    process.kill(pid, 0);
    return true;
  } catch {
    return false; // No such process.
  }
}

/** @throws Error saying what to install, where we may not do it ourselves */
function install(packages: readonly string[]): void {
  const list = packages.join(" ");
  if (process.getuid?.() !== 0 || !existsSync("/etc/debian_version")) {
    throw new Error(
      `the tests need ${list}: install them (Debian: sudo apt-get install ${list}); CHROMIUM_PATH may name a Chromium`,
    );
  }
  say(`installing Debian packages, as root: ${list}`);
  const unstarted = forbidServices();
  try {
    aptGet("update", "-q");
    aptGet("install", "-q", "-y", "--no-install-recommends", ...packages);
  } finally {
    unstarted();
  }
}

function aptGet(...args: string[]): void {
  const env = { ...process.env, DEBIAN_FRONTEND: "noninteractive" };
  execFileSync("apt-get", args, { env, stdio: ["ignore", "ignore", "inherit"] });
}

/** Debian starts a server when it is installed; this says no until the function returned is called. */
function forbidServices(): () => void {
  const policy = "/usr/sbin/policy-rc.d";
  if (existsSync(policy)) return () => undefined;
  writeFileSync(policy, "#!/bin/sh\nexit 101\n", { mode: 0o755 });
  return () => rmSync(policy, { force: true });
}

function say(text: string): void {
  process.stderr.write(`tests: ${text}\n`);
}

if (import.meta.main) await setup();
