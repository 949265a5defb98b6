import type { z } from "zod";
import type { ResolvedConfig } from "./config.ts";
import { isSecretPath } from "./keys.ts";
import { show, showPath } from "./show.ts";

/** What `tailspin config check` says of a good configuration: which file, and who set what. */
export function describeCheck<S extends z.ZodObject>({ file, set }: ResolvedConfig<S>): string {
  const lines = set.map(({ key, value, origin }) => {
    const shown = Array.isArray(value) || typeof value === "object" ? JSON.stringify(value, hideSecrets) : show(value);
    return `  ${key.name} = ${key.isSecret ? "(not shown)" : shown}    from ${origin.replace(`: ${key.name}`, "")}`;
  });
  return [
    "The configuration is good.",
    file === undefined ? "No configuration file was read." : `The file is ${showPath(file)}.`,
    lines.length === 0 ? "Every key has its default." : "Set, while every other key has its default:",
    ...lines,
    "",
  ].join("\n");
}

function hideSecrets(name: string, value: unknown): unknown {
  return isSecretPath([name]) ? "(not shown)" : value;
}
