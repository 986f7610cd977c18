-- Requests a minute, by the generic cell rate algorithm (ITU-T I.371): a key's theoretical arrival time moves one
-- interval on with every request, and may lie a minute ahead of the clock at most. One row, one statement, and the
-- same clock for all processes.

-- name: take
-- Seconds that the arrival time lies ahead with this request; no row where it would lie too far ahead.
INSERT INTO rate_limits AS rate (key_id, tat)
VALUES (%(key_id)s, clock_timestamp() + make_interval(secs => %(every_s)s))
ON CONFLICT (key_id) DO UPDATE
SET tat = greatest(rate.tat, clock_timestamp()) + make_interval(secs => %(every_s)s)
WHERE greatest(rate.tat, clock_timestamp()) + make_interval(secs => %(every_s)s)
    <= clock_timestamp() + make_interval(secs => %(ahead_s)s)
RETURNING extract(epoch FROM tat - clock_timestamp())::float8 AS ahead_s;

-- name: ahead
SELECT extract(epoch FROM tat - clock_timestamp())::float8 AS ahead_s FROM rate_limits WHERE key_id = %(key_id)s;
