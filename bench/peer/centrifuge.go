package peer

import (
	"fmt"
	"net/http"
	"strconv"
	"sync/atomic"
	"time"

	"github.com/centrifugal/centrifuge"
)

// newCentrifuge is a chat server on the centrifuge library in memory, JSON protocol, its
// defaults where they aren't named: every channel has a history of 1,000 publications (as
// far back as chatd recovers) for five minutes, positions and recovery, presence, and
// the author's identity with each publication. Joins and leaves aren't pushed.
func newCentrifuge() (http.Handler, error) {
	node, err := centrifuge.New(centrifuge.Config{})
	if err != nil {
		return nil, fmt.Errorf("new node: %w", err)
	}
	node.OnConnect(func(c *centrifuge.Client) {
		c.OnSubscribe(func(_ centrifuge.SubscribeEvent, cb centrifuge.SubscribeCallback) {
			cb(centrifuge.SubscribeReply{Options: centrifuge.SubscribeOptions{
				EmitPresence: true, EnablePositioning: true, EnableRecovery: true,
			}}, nil)
		})
		c.OnPublish(func(e centrifuge.PublishEvent, cb centrifuge.PublishCallback) {
			cb(centrifuge.PublishReply{Options: centrifuge.PublishOptions{
				HistorySize: 1000, HistoryTTL: 5 * time.Minute, ClientInfo: e.ClientInfo,
			}}, nil)
		})
	})
	if err := node.Run(); err != nil {
		return nil, fmt.Errorf("run node: %w", err)
	}
	var users atomic.Int64
	sockets := centrifuge.NewWebsocketHandler(node, centrifuge.WebsocketConfig{})
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		user := &centrifuge.Credentials{UserID: "guest-" + strconv.FormatInt(users.Add(1), 10)}
		sockets.ServeHTTP(w, r.WithContext(centrifuge.SetCredentials(r.Context(), user)))
	}), nil
}
