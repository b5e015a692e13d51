package store

import "context"

// WriterSetting reads a setting of the connections that write, for tests.
func (s *Store) WriterSetting(ctx context.Context, name string) (string, error) {
	var value string
	err := s.write.QueryRowContext(ctx, "SHOW "+name).Scan(&value)
	return value, err
}
