import { accessSync, constants } from "node:fs";
import { delimiter, join } from "node:path";

/** Servers live in sbin folders, which an ordinary user's PATH may leave out. */
const FOLDERS = [...(process.env["PATH"] ?? "").split(delimiter), "/usr/sbin", "/usr/local/sbin", "/usr/games"];

/** The path of the first of these programs that is installed, or undefined. */
export function lookFor(...names: readonly string[]): string | undefined {
  return names.flatMap((name) => FOLDERS.map((folder) => join(folder, name))).find(isExecutable);
}

/** @throws Error saying what to install */
export function find(name: string): string {
  const path = lookFor(name);
  if (path === undefined)
    throw new Error(`${name} is missing: install it (Debian: apt-get install ${name}), or start a Docker engine`);
  return path;
}

/** Python as the system's packages know it: another one, without their modules, may stand before it in the PATH. */
export function lookForPython(): string | undefined {
  return isExecutable("/usr/bin/python3") ? "/usr/bin/python3" : lookFor("python3");
}

/** True for a file that we may run. */
export function isExecutable(path: string): boolean {
  try {
    accessSync(path, constants.X_OK);
    return true;
  } catch {
    return false; // Absent, or not ours to run: the same for who asks.
  }
}
