#!/usr/bin/env python3
"""A stock ticker on XMPP, with python3-slixmpp: python3 examples/ticker-xmpp.py [host] [port]

Browsers that subscribe to the channel of the room stocks@muc.localhost get a message a second,
e.g. {"symbol": "TSPN", "price": 42.17}.
"""
import asyncio
import json
import random
import sys

import slixmpp

host = sys.argv[1] if len(sys.argv) > 1 else "127.0.0.1"
port = int(sys.argv[2]) if len(sys.argv) > 2 else 5222
ROOM = "stocks@muc.localhost"

# A guest needs no account; with one: ClientXMPP("ann@localhost", "ann-demo").
xmpp = slixmpp.ClientXMPP("guest.localhost", "", sasl_mech="ANONYMOUS")
xmpp.register_plugin("xep_0045")


async def tick(_event: object) -> None:
    xmpp.send_presence()
    await xmpp["xep_0045"].join_muc_wait(ROOM, "ticker")
    price = 42.0
    while True:
        price = max(1.0, price + random.uniform(-0.5, 0.5))
        xmpp.send_message(ROOM, json.dumps({"symbol": "TSPN", "price": round(price, 2)}), mtype="groupchat")
        await asyncio.sleep(1)


xmpp.add_event_handler("session_start", tick)
xmpp.add_event_handler("disconnected", lambda _event: xmpp.loop.stop())
# Without TLS, as on loopback only.
xmpp.connect((host, port), disable_starttls=True)
xmpp.loop.run_forever()
