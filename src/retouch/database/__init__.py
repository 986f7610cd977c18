"""PostgreSQL: the bundled server, the connection pool, the migrations."""
