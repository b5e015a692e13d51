package store

import (
	"time"

	"github.com/chatd/chatd/chat"
)

// noteLife is how long a note that was taken back is kept, so that this can be undone.
const noteLife = 30 * 24 * time.Hour

// inviteLife is how long an invite is remembered that can't be used any more.
const inviteLife = 7 * 24 * time.Hour

// How long the address of a sanction is kept after the sanction has ended: in clear, and
// then, where it is one address, as an alias.
const (
	prefixLife = 7 * 24 * time.Hour
	aliasLife  = prefixLife + 30*24*time.Hour
)

// directoryCleanings are cleanings of what isn't in a log.
var directoryCleanings = []cleaning{
	{`UPDATE sightings SET addr = '', addr_key = NULL, agent = '' WHERE (user_id, alias, agent_hash) IN
		(SELECT user_id, alias, agent_hash FROM sightings WHERE last_at < $1 AND (addr_key IS NOT NULL OR agent <> '')
			ORDER BY last_at LIMIT $2)`, chat.SightingInClear},
	{`DELETE FROM sightings WHERE (user_id, alias, agent_hash) IN
		(SELECT user_id, alias, agent_hash FROM sightings WHERE last_at < $1 ORDER BY last_at LIMIT $2)`, chat.SightingFor},
	// Guests who don't come back. Who has no valid tokens is remembered.
	{`DELETE FROM users WHERE id IN
		(SELECT id FROM users WHERE last_at < $1 AND id >= 'g:' AND id < 'g;' AND tokens_from = 0 ORDER BY last_at LIMIT $2)`, chat.SightingFor},
	{`DELETE FROM notes WHERE id IN
		(SELECT id FROM notes WHERE removed_at > 0 AND removed_at < $1 ORDER BY removed_at LIMIT $2)`, noteLife},
	{`DELETE FROM staff_sessions WHERE id IN
		(SELECT id FROM staff_sessions WHERE expires_at < $1 ORDER BY expires_at LIMIT $2)`, 0},
	{`DELETE FROM invites WHERE id IN
		(SELECT id FROM invites WHERE expires_at < $1 ORDER BY expires_at LIMIT $2)`, inviteLife},
	{`UPDATE sanctions SET prefix = '', alias = trace, version = version + 1 WHERE id IN
		(SELECT id FROM sanctions WHERE prefix <> '' AND expires > 0 AND expires < $1 ORDER BY expires LIMIT $2)`, prefixLife},
	{`UPDATE sanctions SET prefix = '', alias = trace, version = version + 1 WHERE id IN
		(SELECT id FROM sanctions WHERE prefix <> '' AND lifted_at > 0 AND lifted_at < $1 ORDER BY lifted_at LIMIT $2)`, prefixLife},
	{`UPDATE sanctions SET alias = '', trace = '', version = version + 1 WHERE id IN
		(SELECT id FROM sanctions WHERE alias <> '' AND expires > 0 AND expires < $1 ORDER BY expires LIMIT $2)`, aliasLife},
	{`UPDATE sanctions SET alias = '', trace = '', version = version + 1 WHERE id IN
		(SELECT id FROM sanctions WHERE alias <> '' AND lifted_at > 0 AND lifted_at < $1 ORDER BY lifted_at LIMIT $2)`, aliasLife},
}
