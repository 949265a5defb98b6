/** A message's `id` is echoed as it came: cometd.js counts in decimal, Faye in base 36, others send numbers. */
export type MessageId = string | number;

/** What every message of a client has. */
interface Envelope {
  /** Undefined where the message had none. */
  readonly id: MessageId | undefined;
  readonly channel: string;
  /** Any object; what is not known in it is ignored. */
  readonly ext: Readonly<Record<string, unknown>>;
}

/** Bayeux §4.1. */
export interface Handshake extends Envelope {
  readonly type: "handshake";
  readonly connectionTypes: readonly string[];
}

/** Bayeux §4.2. */
export interface Connect extends Envelope {
  readonly type: "connect";
  readonly clientId: string;
  readonly connectionType: string;
  /** The client's own `advice.timeout`: how long it wants to be held, at most. */
  readonly timeoutMs: number | undefined;
}

interface SubscriptionFields extends Envelope {
  readonly clientId: string;
  /** Channels or patterns, checked. */
  readonly names: readonly string[];
  /** As it came, to be echoed: a string or an array. */
  readonly subscription: string | readonly string[];
}

/** Bayeux §4.5. */
export interface Subscribe extends SubscriptionFields {
  readonly type: "subscribe";
}

/** Bayeux §4.6. */
export interface Unsubscribe extends SubscriptionFields {
  readonly type: "unsubscribe";
}

/** What changes who gets what. */
export type SubscriptionChange = Subscribe | Unsubscribe;

/** Bayeux §4.4. */
export interface Disconnect extends Envelope {
  readonly type: "disconnect";
  readonly clientId: string;
}

/** Bayeux §5.1, and §2.2.3 for `/service/…`. */
export interface Publish extends Envelope {
  readonly type: "publish";
  readonly clientId: string;
  readonly data: unknown;
}

/** One message of a client, checked for everything that its form alone tells. */
export type Request = Handshake | Connect | SubscriptionChange | Disconnect | Publish;
