package store

import (
	"context"
	"fmt"
	"slices"
	"strings"
	"time"

	"github.com/chatd/chatd/chat"
)

var errUserNotFound = chat.Refuse(chat.NotFound, "user_not_found", "Nobody of this id was seen.")

// upsertUser notes that somebody was there. What was noted later stays: sightings come late and out of order.
const upsertUser = ` ON CONFLICT (id) DO UPDATE SET
	name = CASE WHEN excluded.last_at >= users.last_at THEN excluded.name ELSE users.name END,
	skeleton = CASE WHEN excluded.last_at >= users.last_at THEN excluded.skeleton ELSE users.skeleton END,
	role = CASE WHEN excluded.role = '' OR excluded.last_at < users.last_at THEN users.role ELSE excluded.role END,
	first_at = CASE WHEN users.first_at = 0 OR excluded.first_at < users.first_at THEN excluded.first_at ELSE users.first_at END,
	last_at = CASE WHEN excluded.last_at > users.last_at THEN excluded.last_at ELSE users.last_at END`

// SeeUser implements chat.Users. Messages aren't counted: whoever connects doesn't wait for that.
func (s *Store) SeeUser(ctx context.Context, id chat.UserID, name, skeleton string, at time.Time) (chat.Seen, error) {
	seen := chat.Seen{ID: id}
	var first, last, from int64
	err := s.inGroup(ctx, func(ctx context.Context, q querier) error {
		return q.QueryRowContext(ctx, `INSERT INTO users (id, name, skeleton, role, first_at, last_at) VALUES ($1, $2, $3, '', $4, $4)`+
			upsertUser+` RETURNING name, role, first_at, last_at, tokens_from`,
			string(id), name, skeleton, millis(at)).Scan(&seen.Name, &seen.Role, &first, &last, &from)
	})
	if err != nil {
		return chat.Seen{}, fmt.Errorf("see user: %w", s.passing(err))
	}
	seen.FirstSeen, seen.LastSeen, seen.TokensFrom = instant(first), instant(last), instant(from)
	return withRole(seen), nil
}

// withRole fills in the role of somebody of whom only the name was noted so far.
func withRole(x chat.Seen) chat.Seen {
	if x.Role == "" {
		x.Role = chat.RoleUser
		if isGuest(x.ID) {
			x.Role = chat.RoleGuest
		}
	}
	return x
}

func isGuest(id chat.UserID) bool { return strings.HasPrefix(string(id), "g:") }

// UsersBySkeleton implements chat.Users. Guests' names are nobody's own.
func (s *Store) UsersBySkeleton(ctx context.Context, skeletons []string) (map[string]chat.UserID, error) {
	ctx, q := s.short(ctx), querier(s.read)
	named := make(map[string]chat.UserID)
	for some := range slices.Chunk(skeletons, maxList) {
		args := padded(some)
		rows, err := q.QueryContext(ctx, `SELECT skeleton, id FROM users WHERE skeleton IN (`+list(1, len(args))+`)
			AND NOT (id >= 'g:' AND id < 'g;') AND first_at > 0 ORDER BY last_at, id DESC`, args...)
		if err == nil {
			err = eachRow(rows, func() error {
				var skeleton string
				var id chat.UserID
				err := rows.Scan(&skeleton, &id)
				named[skeleton] = id // the last one stays
				return err
			})
		}
		if err != nil {
			return nil, fmt.Errorf("find users: %w", s.passing(err))
		}
	}
	return named, nil
}

// FirstSeen implements chat.People.
func (s *Store) FirstSeen(ctx context.Context, ids []chat.UserID) (map[chat.UserID]time.Time, error) {
	ctx, q := s.short(ctx), querier(s.read)
	seen := make(map[chat.UserID]time.Time)
	for some := range slices.Chunk(ids, maxList) {
		args := padded(some)
		rows, err := q.QueryContext(ctx, `SELECT id, first_at FROM users WHERE id IN (`+list(1, len(args))+`) AND first_at > 0`, args...)
		if err == nil {
			err = eachRow(rows, func() error {
				var id chat.UserID
				var first int64
				err := rows.Scan(&id, &first)
				seen[id] = instant(first)
				return err
			})
		}
		if err != nil {
			return nil, fmt.Errorf("read since when users come: %w", s.passing(err))
		}
	}
	return seen, nil
}

// User implements chat.People.
func (s *Store) User(ctx context.Context, id chat.UserID) (chat.Seen, error) {
	all, err := s.listUsers(ctx, `id = $1`, 1, string(id))
	if err != nil {
		return chat.Seen{}, fmt.Errorf("read user: %w", err)
	}
	if len(all) == 0 {
		return chat.Seen{}, errUserNotFound
	}
	return all[0], nil
}

// ListUsers implements chat.People.
func (s *Store) ListUsers(ctx context.Context, want chat.UserQuery) ([]chat.Seen, error) {
	where, args := `id > $1`, []any{string(want.After)}
	add := func(format string, values ...any) {
		places := make([]any, len(values))
		for i, v := range values {
			args = append(args, v)
			places[i] = len(args)
		}
		where += ` AND ` + fmt.Sprintf(format, places...)
	}
	if want.Text != "" {
		skeleton := chat.Skeleton(want.Text)
		if skeleton == "" {
			skeleton = want.Text
		}
		add(`(skeleton LIKE $%d ESCAPE '\' OR id >= $%d AND id < $%d)`, "%"+likeEscaper.Replace(skeleton)+"%",
			want.Text, want.Text+"\U0010FFFF")
	}
	if !want.SeenSince.IsZero() {
		add(`last_at >= $%d`, millis(want.SeenSince))
	}
	if want.Guests != nil {
		add(map[bool]string{true: `(id >= 'g:' AND id < 'g;')`, false: `NOT (id >= 'g:' AND id < 'g;')`}[*want.Guests])
	}
	all, err := s.listUsers(ctx, where, want.Limit, args...)
	if err != nil {
		return nil, fmt.Errorf("list users: %w", err)
	}
	return all, nil
}

// likeEscaper makes a text mean itself in LIKE … ESCAPE '\'.
var likeEscaper = strings.NewReplacer(`\`, `\\`, `%`, `\%`, `_`, `\_`)

// listUsers reads those who were seen. The rows of those who never were only keep from when their tokens are good.
func (s *Store) listUsers(ctx context.Context, where string, limit int, args ...any) ([]chat.Seen, error) {
	var all []chat.Seen
	err := s.inRead(ctx, func(q querier) error {
		rows, err := q.QueryContext(ctx, fmt.Sprintf(`SELECT id, name, role, first_at, last_at, tokens_from FROM users
			WHERE %s AND first_at > 0 ORDER BY id LIMIT %d`, where, limit), args...)
		if err != nil {
			return err
		}
		err = eachRow(rows, func() error {
			var x chat.Seen
			var first, last, from int64
			err := rows.Scan(&x.ID, &x.Name, &x.Role, &first, &last, &from)
			x.FirstSeen, x.LastSeen, x.TokensFrom = instant(first), instant(last), instant(from)
			all = append(all, withRole(x))
			return err
		})
		if err != nil {
			return err
		}
		return countMessages(ctx, q, all)
	})
	return all, err
}

// countMessages fills in how many messages users have. It isn't joined: PostgreSQL takes no
// index for columns of different collations.
func countMessages(ctx context.Context, q querier, all []chat.Seen) error {
	at := make(map[chat.UserID]int, len(all))
	ids := make([]chat.UserID, len(all))
	for i, x := range all {
		at[x.ID], ids[i] = i, x.ID
	}
	for some := range slices.Chunk(ids, maxList) {
		args := padded(some)
		rows, err := q.QueryContext(ctx, `SELECT author_id, count(*) FROM messages
			WHERE author_id IN (`+list(1, len(args))+`) AND hidden <> 1 GROUP BY author_id`, args...)
		if err != nil {
			return fmt.Errorf("count messages: %w", err)
		}
		err = eachRow(rows, func() error {
			var id chat.UserID
			var n int
			err := rows.Scan(&id, &n)
			all[at[id]].Messages = n
			return err
		})
		if err != nil {
			return fmt.Errorf("count messages: %w", err)
		}
	}
	return nil
}

// TokensFrom implements chat.People.
func (s *Store) TokensFrom(ctx context.Context) (map[chat.UserID]time.Time, error) {
	rows, err := s.read.QueryContext(ctx, `SELECT id, tokens_from FROM users WHERE tokens_from > 0`)
	if err != nil {
		return nil, fmt.Errorf("list revoked tokens: %w", s.passing(err))
	}
	from := make(map[chat.UserID]time.Time)
	err = eachRow(rows, func() error {
		var id chat.UserID
		var at int64
		err := rows.Scan(&id, &at)
		from[id] = instant(at)
		return err
	})
	if err != nil {
		return nil, fmt.Errorf("list revoked tokens: %w", s.passing(err))
	}
	return from, nil
}

// MarkRead implements chat.Users.
func (s *Store) MarkRead(ctx context.Context, room chat.RoomID, user chat.UserID, seq chat.Seq, at time.Time) error {
	err := s.inGroup(ctx, func(ctx context.Context, q querier) error {
		_, err := q.ExecContext(ctx, `INSERT INTO read_markers (user_id, room, seq, at) VALUES ($1, $2, $3, $4)
			ON CONFLICT (user_id, room) DO UPDATE SET seq = excluded.seq, at = excluded.at WHERE read_markers.seq < excluded.seq`,
			string(user), string(room), int64(seq), millis(at))
		return err
	})
	if err != nil {
		return fmt.Errorf("mark read: %w", s.passing(err))
	}
	return nil
}
