#!/bin/sh
# Publishes one candidate through the internal API and prints what became of it.
set -eu
realm=${REALM:-amoi-1}
curl -sSf "${INTERNAL_URL:-http://127.0.0.1:8081}/internal/world/impact-candidate" \
  -H "Authorization: Bearer ${INTERNAL_TOKEN:-local-internal-token}" -H "Content-Type: application/json" \
  -d @- <<JSON
{
  "v": 1, "idempotency_key": "curl-$(date +%s)-$$", "realm_id": "$realm", "faction_id": "empire", "user_id": "ada",
  "source": "combat_milestone", "event_type": "territory_push", "territory_id": "iron_gate",
  "action_key": "combat.skirmish", "category": "combat", "base_points": 100, "stakes": 6000, "significance": 8000,
  "occurred_at": "$(date -u +%Y-%m-%dT%H:%M:%SZ)"
}
JSON
