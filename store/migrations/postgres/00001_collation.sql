-- SQLite knows the order of bytes as BINARY; with this, PostgreSQL does too.
CREATE COLLATION "binary" (LOCALE = 'C');
