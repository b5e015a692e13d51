package client_test

import (
	"context"
	"fmt"
	"log"
	"os"

	"github.com/chatd/chatd/client"
)

// A bot that greets: it reads a room and answers, for as long as the server lets it.
func Example() {
	ctx := context.Background()
	c, err := client.Dial(ctx, client.Options{
		URL:   "wss://chat.example.com/ws",
		Token: func(context.Context) (string, error) { return os.Getenv("CHAT_TOKEN"), nil },
	})
	if err != nil {
		log.Fatal(err)
	}
	defer c.Close()
	if _, err := c.Join(ctx, "general"); err != nil {
		log.Fatal(err)
	}
	for e := range c.Events(ctx) {
		p, ok := e.(client.Posted)
		if !ok || p.Message.From.ID == c.User().ID || p.Message.Text != "hello" {
			continue
		}
		// Posting while events wait is safe: see "Bounds" above.
		_, err := c.Post(ctx, p.Room, "Hello, "+p.Message.From.Name+"!", client.PostOptions{ReplyTo: p.Message.ID})
		if client.CodeOf(err) == "slow_mode" {
			continue
		}
		if err != nil {
			log.Print(err)
		}
	}
	log.Print(c.Err())
}

// A View holds what a reader of a room should see.
func ExampleView() {
	v := client.View{Room: "general"}
	v.Apply(client.Joined{Room: "general", Epoch: "5f1c"})
	v.Apply(client.Posted{Room: "general", Seq: 1, Message: client.Message{ID: "a", Seq: 1, Text: "Helo"}})
	v.Apply(client.Posted{Room: "general", Seq: 2, Message: client.Message{ID: "b", Seq: 2, Text: "Spam"}})
	v.Apply(client.Edited{Room: "general", Seq: 4, Message: client.Message{ID: "a", Seq: 1, Text: "Hello"}})
	v.Apply(client.Deleted{Room: "general", Seq: 5, MessageIDs: []string{"b"}})
	for _, m := range v.Messages() {
		fmt.Println(m.Seq, m.Text)
	}
	// Output: 1 Hello
}
