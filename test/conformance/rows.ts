import { createRequire } from "node:module";

/** One client on one transport. */
export interface Row {
  readonly family: "cometd" | "faye";
  readonly client: string;
  readonly runtime: "Node" | "Chromium";
  readonly transport: string;
  /** The transports that the client has to be without, or it would not take this one. */
  readonly off: readonly string[];
  /** Its page comes from another origin than the endpoint. */
  readonly isForeign: boolean;
  readonly isExtended: boolean;
}

const require = createRequire(import.meta.url);
const COMETD = `cometd ${versionOf("cometd")}`;
const FAYE = `faye ${versionOf("faye")}`;

/** Each library prefers its transports in this order. */
const COMETD_ORDER = ["websocket", "long-polling", "callback-polling"];
const FAYE_ORDER = ["websocket", "eventsource", "long-polling", "callback-polling"];

/** Every client on every transport that it has. */
export const ROWS: readonly Row[] = [
  ...[false, true].flatMap((isExtended) => {
    const client = isExtended ? `${COMETD}, extended` : COMETD;
    const base = { family: "cometd", client, isForeign: false, isExtended } as const;
    return [
      ...inOrder(COMETD_ORDER.slice(0, 2)).map((one): Row => ({ ...base, runtime: "Node", ...one })),
      ...inOrder(COMETD_ORDER).map((one): Row => ({ ...base, runtime: "Chromium", ...one })),
    ];
  }),
  ...inOrder(["websocket", "long-polling"]).map((one): Row => ({ ...fayeIn("Node"), ...one })),
  ...inOrder(FAYE_ORDER).map((one): Row => ({ ...fayeIn("Chromium"), ...one })),
  { ...fayeIn("Chromium"), transport: "cross-origin-long-polling", off: ["websocket", "eventsource"], isForeign: true },
];

function fayeIn(runtime: Row["runtime"]) {
  return { family: "faye", client: FAYE, runtime, isForeign: false, isExtended: false } as const;
}

function inOrder(types: readonly string[]): { transport: string; off: readonly string[] }[] {
  return types.map((transport, index) => ({ transport, off: types.slice(0, index) }));
}

function versionOf(name: string): string {
  const manifest: unknown = require(`${name}/package.json`);
  if (typeof manifest !== "object" || manifest === null || !("version" in manifest)) {
    throw new TypeError(`${name} has no version`);
  }
  return String(manifest.version);
}
