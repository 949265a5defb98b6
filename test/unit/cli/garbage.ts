import fc from "fast-check";
import { ConfigError, listKeys, loadConfig, parseCommand } from "../../../cli/index.ts";
import { sampleSchema } from "./sample-schema.ts";

const keys = listKeys(sampleSchema);
const text = fc.oneof(
  fc.string({ unit: "binary", maxLength: 30 }),
  fc.constantFrom("", "1", "true", "a:1", "0.0.0.0", "--"),
);
const flag = fc.constantFrom(...keys.map((key) => key.flag), "--port", "--host", "--config", "--no-irc-tls");
const arg = fc.oneof(
  flag,
  text,
  fc.tuple(flag, text).map(([name, value]) => `${name}=${value}`),
  text.map((word) => `--${word}`),
);
const variable = fc.oneof(
  fc.constantFrom(...keys.map((key) => key.env), "TAILSPIN_CONFIG", "TAILSPIN_PORT"),
  text.map((word) => `TAILSPIN_${word}`),
  text,
);
const yamlPiece = fc.oneof(
  fc.constantFrom(
    ...keys.flatMap((key) => key.path),
    ..."\n|\n  |\t|: |- |[|]|{|}|*a|&a |!x |%|'|\"|#|---\n|?|<<|@|>\n|,|__proto__".split("|"),
  ),
  text,
);
const file = fc.oneof(
  fc.array(yamlPiece, { maxLength: 25 }).map((pieces) => pieces.join("")),
  fc
    .object({ key: fc.oneof(fc.constantFrom(...keys.flatMap((key) => key.path)), text) })
    .map((tree) => JSON.stringify(tree)),
  fc.constant(undefined),
);

/** Arbitrary arguments, variables and a file: nearly right ones and nonsense. */
export const garbage = fc.record({
  flags: fc.array(arg, { maxLength: 8 }),
  env: fc.dictionary(variable, text, { maxKeys: 6 }),
  file,
});

/** Loads it. Anything but a configuration or a ConfigError is thrown on. */
export function loadGarbage({
  flags,
  env,
  file: content,
}: typeof garbage extends fc.Arbitrary<infer T> ? T : never): "config" | "fault" {
  const readFile = (path: string) => {
    if (content === undefined || !path.endsWith(".yaml")) throw Object.assign(new Error("none"), { code: "ENOENT" });
    return content;
  };
  try {
    parseCommand(flags);
  } catch (error) {
    if (!(error instanceof ConfigError)) throw error;
  }
  try {
    const config = loadConfig(sampleSchema, { flags, env, readFile, cwd: "/etc/app" });
    if (!Object.isFrozen(config) || !sampleSchema.safeParse(config).success) throw new Error("not a configuration");
    return "config";
  } catch (error) {
    if (!(error instanceof ConfigError) || error.faults.length === 0) throw error;
    if (/[^\n -~\u00a0-\uffff]/.test(error.message))
      throw new Error("control characters in the message", { cause: error });
    return "fault";
  }
}
