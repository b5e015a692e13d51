// Package ws carries the rooms' logs to their readers over WebSockets, and the
// readers' requests to the core. It speaks two protocols, plain and v1
// (docs/protocol.md), as two codecs over one kind of session.
//
// Melody accepts, reads, pings and closes the WebSockets. What goes out doesn't pass
// through Melody's sessions, which drop in silence when they are full: Melody is given a
// net.Conn of this package (conn), which writes at once what the kernel takes.
//
// # Delivery
//
// What a room says at a time is framed once a protocol, as a node that isn't changed any more; nodes make a list, the room's
// stream. A reader is a place in it: a node, and how much of that it was told. Flushers (delivery) go
// through the room's readers and hand each one all that is ahead of it with one write that doesn't wait: no queue, no channel, no
// goroutine and no copy a delivery. A room that is dear to flush is flushed the less often, so that a busy one costs one write
// for several events. What some are told otherwise (own reactions, what a shadowed author alone sees, who types) stands in
// the node beside the common bytes, by user.
//
// Only a reader whose socket is full has a goroutine of its own, until it isn't any more; it costs nothing but its place. Who is
// further behind than QueueBytes and hasn't taken anything lately, or much further, or doesn't read at all for a while, loses it, and is told to come back.
// Where writing can't be done without waiting (TLS in the process, systems that aren't Unix) a connection has a writer of its own;
// the rest is the same.
//
// What it guarantees:
//
//   - Order. A reader gets the events of a room in the order of seq, each once, none
//     left out: from the snapshot of its join on, or from its place in the log. The
//     answers to a session's requests come in the order of the requests. The answer to a
//     request comes before the event that it caused.
//   - A slow reader hurts nobody. Whoever doesn't read is closed with a code that says
//     "reconnect and recover": nothing is skipped. The close frame reaches even a reader
//     whose socket is full: what has begun is ended, what waits is dropped, the code follows.
//   - Authority. What staff decide holds for open connections at once: a ban, a kick or a
//     closed room ends the delivery, also to one who doesn't read.
//   - What an author alone may see reaches nobody else: neither as a frame, nor as a position
//     that moves. Inside, every reader's place in the log moves on by all events; shown, by those it is told.
//   - A panic ends the session (or the room's sessions) that it happened in, no more.
//
// Who may block whom. Listeners of the bell append to a room's inbox and return. The
// workers (Run) frame and flush; they wait for nobody, but for the log when the bell has lost something, and that
// in a goroutine of its own. Nobody waits for a reader but the goroutine that writes to it while its socket is full. A session's own goroutine waits
// for room in its own queue, for the answers to its own posts, for the core; and, before it posts, for rooms that have too much to tell (backlog), or
// many of whose readers are behind (jam).
// No goroutine is started for a message.
//
// Locks are taken in this order: room.readersMu, replies.mu, conn.mu; room.mu and conn.mu before gate.mu. Under conn.mu, which is of one connection, its
// socket is written to without waiting, and its readers are moved on; under the others nothing is written, and nobody is called out.
//
// What it leaves to others: who may do what (chat), who somebody is (access), HTTP
// routes and timeouts (cmd/chatd).
package ws
