// Package load is the load generator: one thread, one epoll, thousands of connections.
//
// It is cheap, so that what is measured is the server: a handshake by hand, big reads, and
// of most readers no more than a count of the messages in the raw bytes. A sample of them
// (or all, where a mode asks) is read message by message.
//
// What it knows afterwards: how many messages each reader got; of those read message by
// message also which were lost, doubled, out of order or of another room, by a Token in
// each text; and the time from when a message was to be sent until a reader had it.
// A generator that falls behind its schedule doesn't hide that: the time counts from the
// schedule, not from the write.
//
// Nothing here may be used by several goroutines at once. Linux only.
package load
