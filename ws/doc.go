// Package ws carries the rooms' logs to their readers over WebSockets, and the
// readers' requests to the core. It speaks two protocols, plain and v1
// (docs/protocol.md), as two codecs over one kind of session.
//
// Melody accepts, reads, pings and closes the WebSockets. What goes out doesn't pass
// through Melody's sessions, which drop in silence when they are full: Melody is given a
// net.Conn of this package (conn), and that has one queue, bounded in bytes, and one
// writer that hands all that waits to the kernel at once.
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
// delivery workers (Run) frame each event once a protocol and append it to the queues of
// the room's readers; they wait for nobody, but for the log when the bell has lost something, and that
// in a goroutine of its own. Only a session's own writer waits for its
// reader, and only its own reader waits: for room in its own queue, for the answers to its own posts,
// for the core. No goroutine is started for a message.
//
// Locks are taken in this order: room.readersMu, reader.mu, replies.mu, conn.mu. Under them frames are
// appended to queues and deadlines are set; nothing is written and nobody is called out.
//
// What it leaves to others: who may do what (chat), who somebody is (access), HTTP
// routes and timeouts (cmd/chatd).
package ws
