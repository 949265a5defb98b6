/** What the configurations in docker/prosody and docker/ejabberd agree on. */
export const XMPP_SERVICE = {
  /** Where accounts are. */
  domain: "localhost",
  /** Where anybody may log in without one. */
  guestDomain: "guest.localhost",
  mucDomain: "muc.localhost",
  /** The account of the bridges. */
  account: { user: "bridge", password: "for-development-only" },
  /** Where bridges may connect as components, one connection for each domain. */
  componentDomains: Array.from({ length: 9 }, (_, index) => `bridge${index + 1}.localhost`),
  componentSecret: "for-development-only",
} as const;
