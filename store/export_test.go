package store

import "context"

// VisibleQueries look for a room's visible messages.
var VisibleQueries = map[string]int{ // and how many arguments they have
	selectMessages + visibleBefore.all: 3, selectMessages + visibleFrom.all: 3, visibleBeyond: 3,
}

// OwnQueries look for those that their author alone sees.
var OwnQueries = map[string]int{
	selectMessages + visibleBefore.own: 4, selectMessages + visibleFrom.own: 4, ownBeyond: 4,
}

// WriterSetting reads a setting of the connections that write, for tests.
func (s *Store) WriterSetting(ctx context.Context, name string) (string, error) {
	var value string
	err := s.write.QueryRowContext(ctx, "SHOW "+name).Scan(&value)
	return value, err
}

// OwnOfViewers reads what two viewers have of their own in a room.
var OwnOfViewers = sqlOwn(2)
