import { type Link, type NoteFrame, readClaim, readReached, readSaid, readTickets } from "../link/index.ts";
import type { Claims } from "./claims.ts";
import type { Numbers, Witness } from "./numbers.ts";
import type { Tickets } from "./tickets.ts";

/** Hears what bridges say of their sessions, and hands it over when another bridge claims their routes. */
export class Testimony {
  readonly #tickets: Tickets;
  readonly #claims: Claims;

  constructor(tickets: Tickets, claims: Claims) {
    this.#tickets = tickets;
    this.#claims = claims;
  }

  /** @returns who hears what goes over the link */
  up({ peer: { instance } }: Link): Witness {
    this.#tickets.up(instance);
    return {
      asked: (clientId) => this.#tickets.touch(clientId),
      wrote: (clientId, seq) => this.#tickets.wrote(instance, clientId, seq),
    };
  }

  down({ peer: { instance } }: Link): void {
    this.#tickets.down(instance);
  }

  /** @returns false for what makes no sense */
  take(link: Link, numbers: Numbers, { type, payload }: NoteFrame): boolean {
    const { instance } = link.peer;
    switch (type) {
      case "said": {
        const notes = readSaid(payload);
        if (notes) this.#tickets.said(instance, notes);
        return notes !== null;
      }
      case "reached": {
        const notes = readReached(payload);
        for (const note of notes ?? []) {
          const clientId = numbers.at(note.connection)?.clientId;
          if (clientId) this.#tickets.reached(instance, clientId, note);
        }
        return notes !== null;
      }
      case "tickets": {
        const content = readTickets(payload);
        if (content) this.#tickets.take(instance, content, (...who) => this.#claims.maySpeak(...who));
        return content !== null;
      }
      case "claim": {
        const claim = readClaim(payload);
        if (claim) this.#claims.answer(link, claim);
        return claim !== null;
      }
    }
  }
}
