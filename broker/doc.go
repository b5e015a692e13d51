// Package broker is the bell between the nodes of chatd: it tells what was
// committed, counts who is present, and keeps the rate limits. Memory does so
// for a single node; an implementation over Redis has to pass the same suite,
// broker/brokertest.
//
// What it guarantees:
//
//   - Order. The listeners of one room hear its events in the order of the
//     Announce calls, one call at a time.
//   - An end. When stop returns, no call to its listener is under way and none
//     will follow.
//   - A room's cost depends on that room alone, and a room without listeners
//     or members leaves nothing behind.
//   - No goroutines: Memory works in the goroutines of its callers, so there is
//     nothing to run and nothing to close.
//
// Who may block whom: Memory calls listeners inline while it holds the lock of
// that one room, because order needs it. A listener must therefore return at
// once and must not call Announce, Signal, Listen or stop from within.
//
// What it leaves to others: the truth. Everything here may be lost, and is found
// again in the log (package store).
package broker
