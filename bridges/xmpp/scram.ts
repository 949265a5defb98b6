import { pbkdf2 } from "node:crypto";
import { promisify } from "node:util";

/** More would only keep us busy: servers use some thousands. */
const MAX_ITERATIONS = 1_000_000;
/** Of SHA-1. */
const HASH_BYTES = 20;
const derive = promisify(pbkdf2);

/** What SCRAM-SHA-1 in @xmpp/client may find already computed; it looks only once the server's challenge is there. */
export interface SaltedPassword {
  readonly salt: number[];
  readonly saltedPassword: Uint8Array;
}

/** Nothing is computed yet: this salt is no server's. */
export function unsalted(): SaltedPassword {
  return { salt: [-1], saltedPassword: new Uint8Array(HASH_BYTES) };
}

/**
 * Computes what a challenge asks for (RFC 5802 §3, `Hi`). One that cannot be read changes nothing: the library says what is wrong.
 *
 * @param challenge as it came, in base64
 * @throws Error for one that asks for too much
 */
export async function answerChallenge(challenge: string, password: string, salted: SaltedPassword): Promise<void> {
  const text = Buffer.from(challenge, "base64").toString("utf8");
  const salt = Buffer.from(/(?:^|,)s=([^,]*)/.exec(text)?.[1] ?? "", "base64");
  const iterations = Number(/(?:^|,)i=(\d+)/.exec(text)?.[1]);
  if (salt.length === 0 || !(iterations >= 1)) return;
  if (iterations > MAX_ITERATIONS)
    throw new Error(`the server asks for ${iterations} iterations to log in; at most ${MAX_ITERATIONS} are made`);
  salted.saltedPassword.set(await derive(password, salt, iterations, HASH_BYTES, "sha1"));
  salted.salt.splice(0, Infinity, ...salt);
}
