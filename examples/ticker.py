#!/usr/bin/env python3
"""A stock ticker in Python, without any library: python3 examples/ticker.py [host] [port]

Browsers that subscribe to /stocks get a message a second, e.g. {"symbol": "TSPN", "price": 42.17}.
"""
import json
import random
import socket
import sys
import threading
import time

host = sys.argv[1] if len(sys.argv) > 1 else "127.0.0.1"
port = int(sys.argv[2]) if len(sys.argv) > 2 else 6667
irc = socket.create_connection((host, port))
irc_file = irc.makefile("r", encoding="utf-8", errors="replace")


def send(line: str) -> None:
    irc.sendall(f"{line}\r\n".encode())


def tick() -> None:
    price = 42.0
    while True:
        price = max(1.0, price + random.uniform(-0.5, 0.5))
        send("PRIVMSG #stocks :" + json.dumps({"symbol": "TSPN", "price": round(price, 2)}))
        time.sleep(1)


send("NICK pyticker")
send("USER pyticker 0 * :stock ticker")
for line in irc_file:
    words = line.split()
    if words[:1] == ["PING"]:
        send("PONG " + words[1])
    elif words[1:2] == ["001"]:
        send("JOIN #stocks")
    elif words[1:2] == ["366"]:  # we are in the channel
        threading.Thread(target=tick, daemon=True).start()
