// Package store is the SQL truth of chatd: SQLite in the data folder by default,
// PostgreSQL by a database URL. It implements chat.Log, chat.Ledger, chat.Directory and
// chat.Accounts, and keeps the secrets that chatd makes for itself.
//
// What it guarantees:
//
//   - Stored, then told. A Change is committed before its completion is called; all
//     completions of a commit are called before its events are announced; events are
//     announced in commit order. Each completion is called exactly once. Events that
//     are stored and can't be rendered are announced by a marker without a Kind, whose
//     Prev is its Seq: a listener that follows Prev reads the log.
//   - Order. The seq of a room and the pos of all rooms come from counter rows, in
//     the transaction that stores the event, and only one transaction at a time
//     takes numbers: whoever reads up to a pos has seen everything before it. Some
//     numbers of a room are left out on purpose.
//   - Acts. A Deed is one transaction of the committer, in line with the changes: its
//     steps, its record, the answer that is kept for a repetition, or nothing. Its events
//     are announced like others.
//   - Shadows. What somebody did under a shadow takes numbers like anything else; who
//     asks for somebody else, or for nobody, gets the same answers as if it weren't there.
//   - One instant. Snapshot, Since and Page each read in one read transaction.
//   - No guessing. Every batch has an id that precedes its commit and is stored by
//     it; when a commit's answer is lost the committer looks the id up, and nothing
//     later is committed before it knows. Until then callers hear ErrOutcomeUnknown.
//
// Concurrency: a Store is safe for concurrent use. Open starts nothing; Run starts the
// committer, the search cursor, the housekeeper and the lease, and returns when all of
// them have returned and everything that was queued is committed. Append only queues,
// so without Run nothing is stored. Completions and the Bell are called from the
// committer, one at a time, with no lock held: they must return at once.
//
// The statements are written once for both databases. What differs stands in
// sqlite.go and postgres.go, behind the interface in dialect.go; above all the append,
// which is Go on SQLite's single writer (apply*.go, whose rows are kept and written many
// at once) and one function call on PostgreSQL (migrations/postgres). The tables that
// every message adds to are laid out for each (migrations/*/*_tables.sql). storetest holds the two to the same meaning. Of a
// deed (enact.go, step_*.go, undo*.go) only what numbers events differs.
//
// What it leaves to others: who may do what, limits and policies (chat), and telling
// other nodes (broker).
package store
