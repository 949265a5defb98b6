/** How much a bridge holds at this moment. */
export interface Census {
  readonly sessions: number;
  /** Joined, being joined, or kept for a while after their last use. */
  readonly channels: number;
  /** Wildcards that sessions are subscribed to, or about to be. */
  readonly patterns: number;
  /** Users of their own on networks; each stays for a while after its last session. */
  readonly puppets: number;
  /** Connection numbers that a session is attached to, or held at. */
  readonly connections: number;
  /** Requests being served. */
  readonly exchanges: number;
}
