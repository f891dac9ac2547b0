// Command feed follows the realm over the WebSocket feed until its next tick.
//
// A snapshot has the whole public state; each delta has the previous hash, so the chain can be checked. After a cut, reconnect
// with ?since=<epoch>:<tick>.
package main

import (
	"context"
	"fmt"
	"log"
	"os"
	"strings"
	"time"

	"github.com/coder/websocket"
	"github.com/vmihailenco/msgpack/v5"
)

func env(name, otherwise string) string {
	if value := os.Getenv(name); value != "" {
		return value
	}
	return otherwise
}

type frame struct {
	Type string `msgpack:"type"`
	Tick int    `msgpack:"tick"`
	Hash string `msgpack:"hash"`
	Prev string `msgpack:"prev"`
}

func main() {
	// A tick comes within the ruleset's tick length.
	ctx, cancel := context.WithTimeout(context.Background(), 1000*time.Second)
	defer cancel()
	url := strings.Replace(env("WORLD_URL", "http://127.0.0.1:8080"), "http", "ws", 1)
	socket, _, err := websocket.Dial(ctx, url+"/feed/"+env("REALM", "amoi-1"), nil)
	if err != nil {
		log.Fatal(err)
	}
	defer socket.CloseNow()
	socket.SetReadLimit(-1)
	last := ""
	for {
		_, message, err := socket.Read(ctx)
		if err != nil {
			log.Fatal(err)
		}
		var next frame
		if err := msgpack.Unmarshal(message, &next); err != nil {
			log.Fatal(err)
		}
		switch next.Type {
		case "snapshot":
			last = next.Hash
			fmt.Printf("snapshot of tick %d, hash %s\n", next.Tick, next.Hash)
		case "delta":
			if last != "" && next.Prev != last {
				log.Fatal("a tick is missing")
			}
			fmt.Printf("delta of tick %d, hash %s\n", next.Tick, next.Hash)
			return
		}
	}
}
