-- Rooms that bridges and people share, with an archive that survives a crash. The limits are lifted, because one
-- connection of a bridge speaks for many people, and nothing is encrypted; so publish its ports on loopback only.
pidfile = "/var/lib/prosody/prosody.pid"
data_path = "/var/lib/prosody"
-- There are none, but it looks there.
certificates = "/var/lib/prosody/"
interfaces = { "0.0.0.0" }
c2s_ports = { 5222 }
-- Where bridges connect as external components (XEP-0114).
component_interfaces = { "0.0.0.0" }
component_ports = { 5347 }
c2s_direct_tls_ports = {}
s2s_ports = {}
http_ports = {}
https_ports = {}
-- No Nagle: a bridge's messages and the echoes of them share a connection. A reader may fall behind by a send buffer.
network_settings = { nagle = false, tcp_backlog = 1024, read_size = 65536, max_send_buffer_size = 64 * 1024 * 1024 }
-- The default is 256 KB, which large JSON passes.
c2s_stanza_size_limit = 10 * 1024 * 1024
component_stanza_size_limit = 10 * 1024 * 1024
-- mod_limits is not among these: it would hold a bridge to 10 kB/s. Nobody can make an account over the network (no "register").
modules_enabled = { "saslauth", "roster", "disco", "ping", "time", "version" }
modules_disabled = { "s2s", "offline" }
default_storage = "internal"
-- Archives are in SQLite: some 500 messages a second, however many a room has. Plain files take 2,500, but from the limit on (10,000 by
-- default) each message costs 20 ms more, and with a higher one each question reads the whole room, while everybody waits.
-- So is the list of rooms, which as a file is written anew for each new room.
storage = { muc_log = "sql", persistent = "sql" }
sql = { driver = "SQLite3", database = "archive.sqlite" }
-- Time limits an archive instead: see "muc_log_expires_after".
storage_archive_item_limit = 100000000
log = { warn = "*console" }
-- Logging in without TLS, with a password that is not sent (SCRAM), or is (PLAIN).
c2s_require_encryption = false
allow_unencrypted_plain_auth = true

-- Accounts. The script "start" makes the one of the bridges: bridge@localhost.
-- More are made with: prosodyctl --config /etc/tailspin/prosody.cfg.lua adduser NAME@localhost
VirtualHost "localhost"
  authentication = "internal_hashed"

-- Everybody may come in as a guest, as on IRC: ordinary clients call it an anonymous login.
VirtualHost "guest.localhost"
  authentication = "anonymous"

Component "muc.localhost" "muc"
  modules_enabled = { "muc_mam" }
  name = "Channels"
  restrict_room_creation = false
  -- Several bridges join a new room at once, and none of them waits until the first has configured it.
  muc_room_locking = false
  -- A room that empties keeps its archive.
  muc_room_default_persistent = true
  muc_room_default_public = true
  muc_room_default_public_jids = true
  -- Bridges ask the archive for what they missed; what is sent on every join would be sent in vain.
  muc_room_default_history_length = 0
  muc_log_by_default = true
  muc_log_presences = false
  muc_log_expires_after = "1w"
  max_archive_query_results = 1000
  -- The cache that keeps rooms fast holds 500 of them by default.
  muc_room_cache_size = 10000

-- One domain for each bridge that connects as a component: a second connection under the same name is refused.
for number = 1, 9 do
  Component("bridge" .. number .. ".localhost")
  component_secret = ENV_TAILSPIN_XMPP_SECRET or "for-development-only"
end
