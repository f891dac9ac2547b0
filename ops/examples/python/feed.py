"""Follows the realm over the WebSocket feed until its next tick.

A snapshot has the whole public state; each delta has the previous hash, so the chain can be checked. After a cut, reconnect with
`?since=<epoch>:<tick>`.
"""

import asyncio
import os

import msgpack
import websockets

URL = os.environ.get("WORLD_URL", "http://127.0.0.1:8080").replace("http", "ws", 1)
REALM = os.environ.get("REALM", "amoi-1")


async def main() -> None:
    last_hash = None
    async with websockets.connect(f"{URL}/feed/{REALM}", max_size=None) as socket:
        async for message in socket:
            frame = msgpack.unpackb(message)
            if frame["type"] == "snapshot":
                last_hash = frame["hash"]
                print(f"snapshot of tick {frame['tick']}, hash {last_hash}")
            elif frame["type"] == "delta":
                assert last_hash is None or frame["prev"] == last_hash, "a tick is missing"
                print(f"delta of tick {frame['tick']}, hash {frame['hash']}")
                return
    raise SystemExit("the feed ended before the next tick")


asyncio.run(asyncio.wait_for(main(), timeout=float(os.environ.get("SECONDS_AT_MOST", "1000"))))
