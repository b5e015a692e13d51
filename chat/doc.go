// Package chat is the core of chatd: rooms, messages, sanctions, and who may do
// what. It knows no HTTP, no SQL and no WebSocket; it declares the interfaces
// that it needs (Log, Ledger, Directory, Accounts, Bell, Presence, Limiter,
// Sessions) and the other packages implement them.
//
// What it guarantees:
//
//   - Stored, then told. A change has its number and is durable before its
//     caller is acknowledged and before any reader hears of it.
//   - Order. The events of one room reach every listener in the order of seq;
//     an author's acknowledgement precedes the event on any connection.
//   - Refusals leave no trace. Every refusal is an *Error with a stable Code.
//   - What is decided holds. A sanction or a lock-down is in force here before
//     its caller is answered, and on other nodes when they hear of it; asking
//     what holds costs the same however much stands.
//   - A shadow shows nothing. What a shadowed user does is told, listed and
//     counted for them alone.
//
// What it leaves to others: framing and delivery to sockets (ws), durability
// and numbering (store), counting and announcing across nodes (broker),
// identity (access).
package chat
