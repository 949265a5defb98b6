import { coerce } from "./coerce.ts";
import type { ConfigKey } from "./keys.ts";
import type { Setting, Settings } from "./setting.ts";
import { label } from "./show.ts";
import { didYouMean } from "./suggest.ts";

/** The environment of the process, handed in. */
export type Environment = Readonly<Record<string, string | undefined>>;

const SERVICE_LINK_NAME = /_(SERVICE_(HOST|PORT)|PORT_\d+_(TCP|UDP|SCTP))/;
const SERVICE_LINK_VALUE = /^(tcp|udp|sctp):\/\//;
const SERVICE_LINK_HINT =
  "; Kubernetes sets it for a Service of that name: set enableServiceLinks: false in the pod, or rename the Service";

/** Reads the `TAILSPIN_*` variables; an empty one counts as not set, as compose files write it (`${PORT:-}`). */
export function readEnvironment(environment: Environment, keys: readonly ConfigKey[]): Settings {
  const known = new Map(keys.map((key) => [key.env, key]));
  const names = [...known.keys(), "TAILSPIN_CONFIG"];
  const settings: Setting[] = [];
  const faults: string[] = [];
  let file: Settings["file"];

  for (const [name, text] of Object.entries(environment)) {
    if (!name.startsWith("TAILSPIN_") || text === undefined) continue;
    const key = known.get(name);
    if (name === "TAILSPIN_CONFIG") {
      if (text !== "") file = { path: text, origin: name };
    } else if (key === undefined) {
      const isLink = SERVICE_LINK_NAME.test(name) || SERVICE_LINK_VALUE.test(text);
      faults.push(`${label(name)}: unknown variable${isLink ? SERVICE_LINK_HINT : didYouMean(name, names)}`);
    } else if (key.type === "number" && SERVICE_LINK_VALUE.test(text)) {
      faults.push(`${name}: is not ${key.allowed}${SERVICE_LINK_HINT}`);
    } else if (text !== "") {
      settings.push({ key, value: coerce(text, key.type), text, origin: name });
    }
  }
  return { settings, file, faults };
}
