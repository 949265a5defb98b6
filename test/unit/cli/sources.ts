import { ConfigError, loadConfig, type ConfigSources } from "../../../cli/index.ts";
import { sampleSchema } from "./sample-schema.ts";

/** Files by their absolute path, read as `node:fs` would. */
export function filesOf(files: Readonly<Record<string, string>>): ConfigSources["readFile"] {
  return (path) => {
    const text = files[path];
    if (text === undefined) throw Object.assign(new Error(`no such file: ${path}`), { code: "ENOENT" });
    return text;
  };
}

/** Sources with nothing in them but what a test names. */
export function sourcesOf({
  files = {},
  ...given
}: Partial<ConfigSources> & { files?: Record<string, string> }): ConfigSources {
  return { flags: [], env: {}, cwd: "/etc/app", readFile: filesOf(files), ...given };
}

/** Loads the sample configuration. */
export function load(given: Parameters<typeof sourcesOf>[0]): ReturnType<typeof loadConfig<typeof sampleSchema>> {
  return loadConfig(sampleSchema, sourcesOf(given));
}

/** The faults that loading tells of; fails when there are none. */
export function faultsOf(given: Parameters<typeof sourcesOf>[0]): readonly string[] {
  try {
    load(given);
  } catch (error) {
    if (error instanceof ConfigError) return error.faults;
    throw error;
  }
  throw new Error("the configuration was accepted");
}
