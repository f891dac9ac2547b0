// Command candidate publishes one candidate to NATS, as a story engine does, and waits until it is on disk.
package main

import (
	"encoding/json"
	"fmt"
	"log"
	"os"
	"time"

	"github.com/nats-io/nats.go"
)

func env(name, otherwise string) string {
	if value := os.Getenv(name); value != "" {
		return value
	}
	return otherwise
}

func storyURL() string {
	if url := os.Getenv("NATS_URL"); url != "" {
		return url
	}
	var credentials struct {
		NATS map[string]string `json:"nats"`
	}
	text, err := os.ReadFile("../../../.data/credentials.json")
	if err != nil {
		log.Fatal(err)
	}
	if err := json.Unmarshal(text, &credentials); err != nil {
		log.Fatal(err)
	}
	return credentials.NATS["story"]
}

func main() {
	realm := env("REALM", "amoi-1")
	key := fmt.Sprintf("go-%d", time.Now().UnixNano())
	candidate, err := json.Marshal(map[string]any{
		"v": 1, "idempotency_key": key, "realm_id": realm, "faction_id": "empire", "user_id": "ada",
		"source": "combat_milestone", "event_type": "territory_push", "territory_id": "iron_gate",
		"action_key": "combat.skirmish", "category": "combat", "base_points": 100, "stakes": 6000, "significance": 8000,
		"occurred_at": time.Now().UTC().Format(time.RFC3339),
	})
	if err != nil {
		log.Fatal(err)
	}
	connection, err := nats.Connect(storyURL())
	if err != nil {
		log.Fatal(err)
	}
	defer connection.Close()
	stream, err := connection.JetStream()
	if err != nil {
		log.Fatal(err)
	}
	// A repeat with the same id is acknowledged, and counts nothing.
	ack, err := stream.Publish("impact.raw."+realm, candidate, nats.MsgId("c.ada."+key))
	if err != nil {
		log.Fatal(err)
	}
	fmt.Printf("candidate %s is on disk as message %d\n", key, ack.Sequence)
}
