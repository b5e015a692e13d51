// Package client speaks chatd's v1 protocol: any number of rooms over one WebSocket
// that is kept up for as long as the client lives.
//
// What it guarantees:
//
//   - Delivery. For every joined room the events of its log come out of Next exactly
//     once, in the order of Seq, across reconnects. Where the server can't tell what
//     happened meanwhile, a Joined with Recovered false brings the fresh state instead;
//     forget what you knew of the room then.
//   - Requests. What may be repeated (posts, which carry a nonce, and everything else
//     that sets a state) is repeated after a reconnect until the server has answered or
//     the caller's context ends. What may not (Sanction, Lift, Typing) fails with
//     ErrOutcomeUnknown when the connection goes while it is under way.
//   - Bounds. At most Options.EventBuffer events wait for Next. A caller that is slower
//     loses nothing and blocks nothing: the client drops that room's further events
//     unread and, once there is space, asks the server for what came after the last
//     one that waits. Beyond the server's window (1,000 events) that is a fresh state.
//     A client that only posts need not call Next at all.
//   - Goroutines. Dial starts some, Close returns when all of them have ended.
//
// All methods are safe for concurrent use. Requests made by one goroutine reach the
// server in their order, and so do those of several goroutines in some order.
//
// A connection that ends is dialled again: at once where the server asked for no wait,
// then with growing, jittered pauses; the server's retry_after_ms is honoured. It ends
// for good when the server closes with a code of 4500-4999 or refuses the handshake
// for a reason that repeating can't mend; Next and all requests then return that
// reason, a *CloseError or a *HandshakeError.
//
// What it leaves to its caller: showing things. View reduces a room's events to what a
// reader should see.
package client
