// The rival gorilla/websocket, on one thread (GOMAXPROCS=1 is set by whoever starts it): the first argument is the
// port. Echo and topics follow its own examples `echo` and `chat`: a goroutine reads, and where many write to a
// connection, another one writes.
package main

import (
	"log"
	"net/http"
	"os"
	"strings"
	"sync"

	"github.com/gorilla/websocket"
)

// Compression is off by default, there are no idle timeouts, and no pings unless a program sends them.
var upgrader = websocket.Upgrader{}

const maxMessageBytes = 16 * 1024 * 1024

// The chat example closes a connection whose queue is full. Here publishing waits for it, so that nothing is lost.
const queuedMessages = 1024

type topic struct {
	mutex       sync.RWMutex
	subscribers map[chan *websocket.PreparedMessage]struct{}
}

var topics sync.Map // name → *topic

func echo(connection *websocket.Conn) {
	for {
		kind, message, err := connection.ReadMessage()
		if err != nil {
			return
		}
		if connection.WriteMessage(kind, message) != nil {
			return
		}
	}
}

func subscribe(connection *websocket.Conn, name string) {
	found, _ := topics.LoadOrStore(name, &topic{subscribers: map[chan *websocket.PreparedMessage]struct{}{}})
	subscribed := found.(*topic)
	queue := make(chan *websocket.PreparedMessage, queuedMessages)
	subscribed.mutex.Lock()
	subscribed.subscribers[queue] = struct{}{}
	subscribed.mutex.Unlock()
	go func() {
		failed := false
		for message := range queue {
			// After a failure the queue is still emptied: a publisher may be waiting for it.
			failed = failed || connection.WritePreparedMessage(message) != nil
		}
	}()
	for {
		kind, bytes, err := connection.ReadMessage()
		if err != nil {
			break
		}
		message, err := websocket.NewPreparedMessage(kind, bytes)
		if err != nil {
			break
		}
		subscribed.mutex.RLock()
		for subscriber := range subscribed.subscribers {
			subscriber <- message
		}
		subscribed.mutex.RUnlock()
	}
	subscribed.mutex.Lock()
	delete(subscribed.subscribers, queue)
	subscribed.mutex.Unlock()
	close(queue)
}

func serve(response http.ResponseWriter, request *http.Request) {
	connection, err := upgrader.Upgrade(response, request, nil)
	if err != nil {
		return
	}
	defer connection.Close()
	connection.SetReadLimit(maxMessageBytes)
	if name := strings.TrimPrefix(request.URL.Path, "/t/"); name != request.URL.Path {
		subscribe(connection, name)
	} else {
		echo(connection)
	}
}

func main() {
	http.HandleFunc("/", serve)
	log.Fatal(http.ListenAndServe("127.0.0.1:"+os.Args[1], nil))
}
