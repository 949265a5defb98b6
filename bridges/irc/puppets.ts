import type { Puppet, PuppetOwner, Puppets, PuppetUser } from "../puppets.ts";
import { printableName } from "../names.ts";
import type { IrcConfig } from "./config.ts";
import type { Connector } from "./connector.ts";
import { IrcPuppet, type PuppetParts } from "./puppet.ts";
import { puppetNicks } from "./puppet-nicks.ts";
import type { Senders } from "./senders.ts";

/** What puppets are made with. */
export interface IrcPuppetsParts extends Pick<PuppetParts, "sending" | "prepare" | "onDown" | "now" | "newId"> {
  readonly config: IrcConfig & { readonly host: string };
  readonly connector: Connector;
  readonly senders: Senders;
  readonly isBridge: (nick: string) => boolean;
}

/** The users of their own: each is a connection. */
export class IrcPuppets implements Puppets {
  readonly #parts: IrcPuppetsParts;
  readonly #all = new Set<IrcPuppet>();

  constructor(parts: IrcPuppetsParts) {
    this.#parts = parts;
  }

  get max(): number {
    return this.#parts.config.maxPuppets;
  }

  attach({ name, address }: PuppetUser, owner: PuppetOwner): Puppet {
    const { isBridge, connector, senders, ...parts } = this.#parts;
    // The bridge's account is not theirs.
    const config = { ...parts.config, sasl: { mechanism: "off" } as const };
    const visitor = address === null ? {} : { visitor: { hostname: address, address } };
    const nicks = puppetNicks(name, isBridge);
    const realName = printableName(name) ?? "TailSpin";
    const puppet = new IrcPuppet({
      ...parts,
      name,
      owner,
      connect: (user) => connector.connectOwn({ config, nicks, realName, owner: user, ...visitor }),
      onReleased: (released) => this.#release(released),
    });
    this.#all.add(puppet);
    senders.add(puppet.sender);
    return puppet;
  }

  /** The bridge is in a channel now. */
  onOpen(channel: string): void {
    for (const puppet of this.#all) puppet.onOpen(channel);
  }

  sweep(nowMs: number): void {
    for (const puppet of this.#all) puppet.sweep(nowMs);
  }

  #release(puppet: IrcPuppet): void {
    const { senders } = this.#parts;
    this.#all.delete(puppet);
    // What it has sent may still come back.
    const remove = (): void => senders.remove(puppet.sender);
    puppet.sender.connection.close("its browser is gone").then(remove, remove);
  }
}
