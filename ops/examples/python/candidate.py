"""Publishes one candidate to NATS, as a story engine does, and waits until it is on disk."""

import asyncio
import json
import os
import time
from datetime import datetime, timezone

import nats

REALM = os.environ.get("REALM", "amoi-1")


def story_url() -> str:
    if "NATS_URL" in os.environ:
        return os.environ["NATS_URL"]
    with open(".data/credentials.json", encoding="utf-8") as file:
        return json.load(file)["nats"]["story"]


async def main() -> None:
    candidate = {
        "v": 1,
        "idempotency_key": f"python-{time.time_ns()}",
        "realm_id": REALM,
        "faction_id": "empire",
        "user_id": "ada",
        "source": "combat_milestone",
        "event_type": "territory_push",
        "territory_id": "iron_gate",
        "action_key": "combat.skirmish",
        "category": "combat",
        "base_points": 100,
        "stakes": 6000,
        "significance": 8000,
        "occurred_at": datetime.now(timezone.utc).isoformat(),
    }
    connection = await nats.connect(story_url())
    ack = await connection.jetstream().publish(
        f"impact.raw.{REALM}",
        json.dumps(candidate).encode(),
        # A repeat with the same id is acknowledged, and counts nothing.
        headers={"Nats-Msg-Id": f"c.{candidate['user_id']}.{candidate['idempotency_key']}"},
    )
    print(f"candidate {candidate['idempotency_key']} is on disk as message {ack.seq}")
    await connection.close()


asyncio.run(main())
