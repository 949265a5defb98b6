import { exceedsDepth, isDeclaredName, MAX_DEPTH, MAX_NAME_LENGTH } from "../../bayeux/index.ts";
import type { InsideConfig } from "./config.ts";

/** What an app wants to be told to whom. */
export interface DispatchRequest {
  /** Each once. */
  readonly recipients: readonly string[];
  readonly data: unknown;
}

/** A request that is not taken, as an HTTP status and a text for a person. */
export interface BadRequest {
  readonly status: 400 | 413;
  readonly text: string;
}

const SHAPE = 'a dispatch is {"recipients": ["name", …], "data": …}';

/** Reads the body of a `POST /halo/dispatch`. */
export function readDispatchRequest(
  json: string,
  { maxRecipients, maxDataBytes }: Pick<InsideConfig, "maxRecipients" | "maxDataBytes">,
): DispatchRequest | BadRequest {
  const body = parse(json);
  if (body === undefined) return bad(`the body is not JSON; ${SHAPE}`);
  if (typeof body !== "object" || body === null || Array.isArray(body)) return bad(`the body is no object; ${SHAPE}`);
  const unknown = Object.keys(body).find((key) => key !== "recipients" && key !== "data");
  if (unknown !== undefined) return bad(`there is no key ${JSON.stringify(unknown.slice(0, 64))}; ${SHAPE}`);
  if (!("recipients" in body) || !Array.isArray(body.recipients)) return bad(`recipients must be a list; ${SHAPE}`);
  if (!("data" in body)) return bad(`data is missing; ${SHAPE}`);
  const recipients: readonly unknown[] = body.recipients;
  if (recipients.length === 0) return bad(`recipients is empty; ${SHAPE}`);
  if (recipients.length > maxRecipients)
    return { status: 413, text: `${recipients.length} recipients; ${maxRecipients} are allowed in one request` };
  const names = recipients.filter(isName);
  if (names.length < recipients.length) {
    const place = recipients.findIndex((recipient) => !isName(recipient));
    const rule = `a name has 1 to ${MAX_NAME_LENGTH} characters, none of them a control character, < or >, and no spaces around it`;
    return bad(`recipients[${place}] can be nobody's name: ${rule}`);
  }
  if (exceedsDepth(body.data, MAX_DEPTH)) return bad(`data is nested more than ${MAX_DEPTH} levels deep`);
  const bytes = Buffer.byteLength(JSON.stringify(body.data));
  if (bytes > maxDataBytes) return { status: 413, text: `data of ${bytes} bytes; ${maxDataBytes} are allowed` };
  return { recipients: [...new Set(names)], data: body.data };
}

function isName(recipient: unknown): recipient is string {
  return typeof recipient === "string" && isDeclaredName(recipient) && recipient.trim() === recipient;
}

function bad(text: string): BadRequest {
  return { status: 400, text };
}

function parse(json: string): unknown {
  try {
    return JSON.parse(json);
  } catch {
    return undefined;
  }
}
