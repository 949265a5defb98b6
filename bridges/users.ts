import type { Session } from "./session/session.ts";

/** The sessions of each user: of one declared name, whichever browsers they are of. */
export class Users {
  readonly #sessions = new Map<string, Set<Session>>();

  /** A session began, or came here. */
  add(session: Session): void {
    if (session.name === null) return;
    const known = this.#sessions.get(session.name);
    if (known) known.add(session);
    else this.#sessions.set(session.name, new Set([session]));
  }

  /** It is over. */
  delete(session: Session): void {
    if (session.name === null) return;
    const sessions = this.#sessions.get(session.name);
    sessions?.delete(session);
    if (sessions?.size === 0) this.#sessions.delete(session.name);
  }

  /** @returns the sessions of a user; none where nobody is called so */
  of(name: string): ReadonlySet<Session> {
    return this.#sessions.get(name) ?? NOBODY;
  }
}

const NOBODY: ReadonlySet<Session> = new Set();
