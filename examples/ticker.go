// A stock ticker in Go, with the standard library alone: go run examples/ticker.go [host:port]
// Browsers that subscribe to /stocks get a message a second, e.g. {"symbol":"TSPN","price":42.17}.
package main

import (
	"bufio"
	"encoding/json"
	"fmt"
	"log"
	"math/rand"
	"net"
	"os"
	"strings"
	"time"
)

func main() {
	address := strings.Join(append(os.Args[1:], "127.0.0.1:6667")[:1], "")
	irc, err := net.Dial("tcp", address)
	if err != nil {
		log.Fatal(err)
	}
	fmt.Fprintf(irc, "NICK goticker\r\nUSER goticker 0 * :stock ticker\r\n")
	for lines := bufio.NewScanner(irc); lines.Scan(); {
		words := strings.Fields(lines.Text())
		if len(words) > 1 && words[0] == "PING" {
			fmt.Fprintf(irc, "PONG %s\r\n", words[1])
		} else if len(words) > 1 && words[1] == "001" {
			fmt.Fprintf(irc, "JOIN #stocks\r\n")
		} else if len(words) > 1 && words[1] == "366" { // we are in the channel
			go func() {
				for price := 42.0; ; price += rand.Float64() - 0.5 {
					quote, _ := json.Marshal(map[string]any{"symbol": "TSPN", "price": price})
					fmt.Fprintf(irc, "PRIVMSG #stocks :%s\r\n", quote)
					time.Sleep(time.Second)
				}
			}()
		}
	}
}
