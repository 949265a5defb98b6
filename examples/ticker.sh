#!/bin/sh
# A stock ticker in a few lines of shell and nc: sh examples/ticker.sh [host] [port]
# Browsers that subscribe to /stocks get a message a second, e.g. {"symbol":"TSPN","price":42}.
host=${1:-127.0.0.1}
port=${2:-6667}

ticks() {
  printf 'NICK shticker\r\nUSER shticker 0 * :stock ticker\r\n'
  sleep 1
  printf 'JOIN #stocks\r\n'
  price=42
  while sleep 1; do
    price=$((price + $(date +%s) % 3 - 1))
    printf 'PRIVMSG #stocks :{"symbol":"TSPN","price":%d}\r\n' "$price"
    # Any line tells the server that we are alive; nobody here reads its PINGs.
    printf 'PONG :alive\r\n'
  done
}

ticks | nc "$host" "$port" >/dev/null
