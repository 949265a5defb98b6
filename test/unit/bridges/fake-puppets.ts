import type { Puppet, PuppetAddress, PuppetOwner, Puppets, PuppetUser, Publication } from "../../../bridges/index.ts";

/** A user of a fake network: what it was asked for, and what a test lets happen to it. */
export class FakePuppet implements Puppet {
  readonly user: PuppetUser;
  readonly owner: PuppetOwner;
  readonly channels = new Set<string>();
  readonly published: { readonly channel: string; readonly data: unknown }[] = [];
  readonly told: { readonly to: string; readonly data: unknown }[] = [];
  isReleased = false;
  /** Set: what it is asked to say fails. */
  failure: Error | null = null;
  readonly arrival = Promise.withResolvers<PuppetAddress>();

  constructor(user: PuppetUser, owner: PuppetOwner) {
    this.user = user;
    this.owner = owner;
  }

  ready(): Promise<PuppetAddress> {
    return this.arrival.promise;
  }

  join(channel: string): void {
    this.channels.add(channel);
  }

  leave(channel: string): void {
    this.channels.delete(channel);
  }

  async publish(channel: string, { data }: Publication): Promise<void> {
    if (this.failure) throw this.failure;
    this.published.push({ channel, data });
  }

  async tell(to: string, { data }: Publication): Promise<void> {
    if (this.failure) throw this.failure;
    this.told.push({ to, data });
  }

  release(): void {
    this.isReleased = true;
  }
}

/** Users of a fake network. Names that are there already get a `-2` behind them. */
export class FakePuppets implements Puppets {
  readonly max: number;
  readonly all: FakePuppet[] = [];
  /** False: nobody arrives until a test says so. */
  isObliging = true;

  constructor(max: number) {
    this.max = max;
  }

  get present(): readonly FakePuppet[] {
    return this.all.filter(({ isReleased }) => !isReleased);
  }

  attach(user: PuppetUser, owner: PuppetOwner): Puppet {
    const isItsName = !this.present.some((other) => other.user.name === user.name);
    const puppet = new FakePuppet(user, owner);
    this.all.push(puppet);
    if (this.isObliging) puppet.arrival.resolve({ nick: isItsName ? user.name : `${user.name}-2`, isItsName });
    return puppet;
  }
}
