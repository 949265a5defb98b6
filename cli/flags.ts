import { coerce, toBoolean } from "./coerce.ts";
import type { ConfigKey } from "./keys.ts";
import type { Setting, Settings } from "./setting.ts";
import { label, show } from "./show.ts";
import { didYouMean } from "./suggest.ts";

/** Reads the flags after the command: `--key value`, `--key=value`, `--flag`, `--no-flag`. */
export function readFlags(args: readonly string[], keys: readonly ConfigKey[]): Settings & { isFileKnown: boolean } {
  const known = new Map(keys.flatMap((key) => flagsOf(key).map((flag) => [flag, key] as const)));
  const names = [...known.keys(), "--config", "--help", "--version"];
  const settings = new Map<ConfigKey, Setting>();
  const faults: string[] = [];
  let file: Settings["file"];
  let isFileKnown = true;
  let mayBeSecret = false;

  for (let index = 0; index < args.length; index++) {
    const arg = args[index] ?? "";
    if (!/^--[^-=]/.test(arg)) {
      // What follows a password may be its second word.
      const what = mayBeSecret ? "an argument" : label(arg);
      faults.push(`${what}: is not a flag; flags are written --key value or --key=value${didYouMean(arg, names)}`);
      continue;
    }
    const [flag, inline] = split(arg);
    const key = known.get(flag);
    const denied = key === undefined && flag.startsWith("--no-") ? known.get(`--${flag.slice(5)}`) : undefined;
    mayBeSecret = key?.isSecret ?? true;
    const next = args[index + 1];
    let text = inline;

    if (denied !== undefined) {
      if (denied.type !== "boolean") faults.push(`${flag}: only a key that is true or false can be denied with --no-`);
      else if (inline !== undefined) faults.push(`${flag}: takes no value; write --${flag.slice(5)}=${show(inline)}`);
      else add(denied, { key: denied, value: false, text: "false", origin: flag });
      continue;
    }
    if (key?.type === "boolean" && text === undefined) {
      text = next !== undefined && toBoolean(next) !== undefined ? next : "true";
      if (text === next) index++;
    }
    if (text === undefined && next !== undefined && !next.startsWith("--")) {
      text = next;
      index++;
    }
    text ??= key?.whenAlone;
    if (flag === "--config") {
      if (text === undefined || text === "") faults.push("--config: needs the path of a file");
      else if (file !== undefined) faults.push("--config: is given twice");
      else file = { path: text, origin: flag };
      isFileKnown = file !== undefined;
    } else if (key === undefined) {
      faults.push(`${label(flag)}: unknown flag${didYouMean(flag, names)}`);
    } else if (text === undefined) {
      faults.push(`${flag}: needs a value, ${key.allowed}; one that begins with -- is written ${flag}=VALUE`);
    } else {
      add(key, { key, value: coerce(text, key.type), text, origin: flag });
    }
  }
  return { settings: [...settings.values()], file, isFileKnown, faults };

  function add(key: ConfigKey, setting: Setting): void {
    const first = settings.get(key);
    if (first === undefined) settings.set(key, setting);
    else if (first.origin === setting.origin) faults.push(`${setting.origin}: is given twice`);
    else faults.push(`${setting.origin}: sets ${key.name}, and so does ${first.origin}; give one of them`);
  }
}

/** The flags that set a key. */
export function flagsOf(key: ConfigKey): string[] {
  return key.shortFlag === undefined ? [key.flag] : [key.shortFlag, key.flag];
}

function split(arg: string): [flag: string, inline: string | undefined] {
  const equals = arg.indexOf("=");
  return equals === -1 ? [arg, undefined] : [arg.slice(0, equals), arg.slice(equals + 1)];
}
