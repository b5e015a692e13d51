// Package chat is the core of chatd: rooms, messages, sanctions, and who may do
// what. It knows no HTTP, no SQL and no WebSocket; it declares the interfaces
// that it needs (Log, Ledger, Directory, Accounts, Bell, Presence, Limiter,
// Sessions) and the other packages implement them.
//
// What it guarantees:
//
//   - Stored, then told. A change has its number and is durable before its
//     caller is acknowledged and before any reader hears of it.
//
//   - Order. The events of one room reach every listener in the order of seq;
//     an author's acknowledgement precedes the event on any connection.
//
//   - Refusals leave no trace. Every refusal is an *Error with a stable Code.
//
//   - What is decided holds. A sanction or a lock-down is in force here before
//     its caller is answered, and on other nodes when they hear of it; asking
//     what holds costs the same however much stands.
//
//   - A shadow shows nothing. What a shadowed user does is told, listed and
//     counted for them alone.
//
//   - Who joins misses nothing, and shares what it is told (View). A View is the
//     room at the seq that it was read at, as everybody sees it. ws tells a
//     reader every event after the position that its room had told when the
//     reader came in (heard). So a View that was read before may be given out
//     again as long as it is of the same epoch and not behind heard: what is
//     newer than the View follows live, in order, and what the View has already
//     is left out by its seq. The reader is as one who came a moment earlier. It
//     may not be behind the position that somebody recovers from either, for
//     another node may have told more.
//
//   - That holds because whatever everybody sees is changed by an event, a
//     setting, retention or a new epoch, all of which are in a Mark. Where heard
//     isn't known, where an act was put in force here since, and after a second
//     (the bell of several nodes may lose something), the Mark is looked at
//     again: one statement; only another Mark has the room read anew. No reading
//     is given to somebody who asked after it began, but by these rules.
//
//   - What is a viewer's own (reactions, read marker, held messages, whether they
//     see the room otherwise) is read after the View, for many viewers at once.
//     Who was told something there that others weren't sees the room apart from
//     them, in frames of the same make. What everybody may do, and whether they
//     may come in, is decided by the latest settings known here, not by a View's.
//
// What it leaves to others: framing and delivery to sockets (ws), durability
// and numbering (store), counting and announcing across nodes (broker),
// identity (access).
package chat
