// Command world reads the realm's summary and the newest events of its public log.
package main

import (
	"fmt"
	"io"
	"log"
	"net/http"
	"os"
	"time"
)

func env(name, otherwise string) string {
	if value := os.Getenv(name); value != "" {
		return value
	}
	return otherwise
}

func main() {
	world := env("WORLD_URL", "http://127.0.0.1:8080") + "/api/world/" + env("REALM", "amoi-1")
	client := http.Client{Timeout: 10 * time.Second}
	for _, read := range []string{"summary", "events"} {
		response, err := client.Get(world + "/" + read)
		if err != nil {
			log.Fatal(err)
		}
		body, err := io.ReadAll(response.Body)
		response.Body.Close()
		if err != nil || response.StatusCode != http.StatusOK {
			log.Fatal(response.Status, " ", string(body))
		}
		fmt.Println(string(body))
	}
}
