import type { ConfigKey } from "./keys.ts";

/** One value that a flag or a variable gave, and what to call its source. */
export interface Setting {
  readonly key: ConfigKey;
  readonly value: unknown;
  /** As the operator wrote it. */
  readonly text: string;
  /** The flag or the variable. */
  readonly origin: string;
}

/** What one source said. */
export interface Settings {
  readonly settings: readonly Setting[];
  /** The configuration file that it names, if it does. */
  readonly file: { readonly path: string; readonly origin: string } | undefined;
  readonly faults: readonly string[];
}
