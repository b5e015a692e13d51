package store

import "context"

// VisibleQueries look for a room's visible messages.
var VisibleQueries = map[string]int{ // and how many arguments they have
	selectMessages + newestVisible: 2, selectMessages + visibleBefore: 3, selectMessages + visibleFrom: 3, visibleBeyond: 3,
}

// WriterSetting reads a setting of the connections that write, for tests.
func (s *Store) WriterSetting(ctx context.Context, name string) (string, error) {
	var value string
	err := s.write.QueryRowContext(ctx, "SHOW "+name).Scan(&value)
	return value, err
}
