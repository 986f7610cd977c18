-- The life of a delivery. As with tasks, the row is the truth and a ticket only says "look": whoever takes a ticket
-- claims what is due, which need not be the delivery that the ticket was made for.

-- name: lock_claims
-- One claim at a time: two that count the busy receivers at once would both find room.
SELECT pg_advisory_xact_lock(%(lock)s);

-- name: claim
-- The delivery that has been due longest, of a receiver and an account that are not busy enough already. It is due
-- again when the lease has run out: then its worker was killed, and the attempt it began is lost.
WITH busy AS (
    SELECT account_id, host, count(*) AS messages FROM webhook_deliveries
    WHERE lease_until > clock_timestamp() GROUP BY account_id, host
), chosen AS (
    SELECT id FROM webhook_deliveries AS delivery
    WHERE state = 'pending' AND due_at <= clock_timestamp()
      AND coalesce((SELECT sum(messages) FROM busy WHERE busy.host = delivery.host), 0) < %(per_host)s
      AND coalesce((SELECT sum(messages) FROM busy WHERE busy.account_id = delivery.account_id), 0)
          < %(per_account)s
    ORDER BY due_at LIMIT 1 FOR UPDATE SKIP LOCKED
), claimed AS (
    UPDATE webhook_deliveries AS delivery
    SET attempt = attempt + 1, due_at = clock_timestamp() + make_interval(secs => %(lease_s)s),
        lease_until = clock_timestamp() + make_interval(secs => %(lease_s)s)
    FROM chosen WHERE delivery.id = chosen.id
    RETURNING delivery.*
), lost AS (
    UPDATE webhook_attempts SET outcome = 'lost'
    WHERE delivery_id = (SELECT id FROM claimed) AND outcome IS NULL
), begun AS (
    INSERT INTO webhook_attempts (delivery_id, attempt) SELECT id, attempt FROM claimed
)
SELECT id, account_id, task_id, event, url, host, attempt, failures, created_at FROM claimed;

-- name: settle
-- How an attempt went, and what comes next: an end, or another attempt after a pause. Fenced by the attempt.
WITH settled AS (
    UPDATE webhook_deliveries
    SET state = %(state)s, failures = failures + %(failed)s, lease_until = NULL,
        due_at = CASE WHEN %(state)s = 'pending'
            THEN clock_timestamp() + make_interval(secs => %(delay_s)s) END,
        ended_at = CASE WHEN %(state)s <> 'pending' THEN clock_timestamp() END
    WHERE id = %(id)s AND attempt = %(attempt)s AND state = 'pending'
    RETURNING id, attempt
)
UPDATE webhook_attempts AS tried
SET outcome = %(outcome)s, status = %(status)s, duration_ms = %(duration_ms)s
FROM settled WHERE tried.delivery_id = settled.id AND tried.attempt = settled.attempt;

-- name: release
-- An attempt given up at shutdown: due at once, and nothing counted.
WITH released AS (
    UPDATE webhook_deliveries SET lease_until = NULL, due_at = clock_timestamp()
    WHERE id = %(id)s AND attempt = %(attempt)s AND state = 'pending'
    RETURNING id, attempt
), lost AS (
    UPDATE webhook_attempts AS tried SET outcome = 'lost'
    FROM released WHERE tried.delivery_id = released.id AND tried.attempt = released.attempt
)
SELECT make_webhook_ticket(id) FROM released;

-- name: disable
-- The receiver said that it is gone: nothing more goes there, of what waits and of what comes.
WITH gone AS (
    INSERT INTO webhook_disabled (account_id, url_hash, url)
    VALUES (%(account_id)s, webhook_url_hash(%(url)s), %(url)s) ON CONFLICT DO NOTHING
)
UPDATE webhook_deliveries SET state = 'disabled', due_at = NULL, ended_at = clock_timestamp()
WHERE account_id = %(account_id)s AND url = %(url)s AND state = 'pending'
  AND (lease_until IS NULL OR lease_until < clock_timestamp());

-- name: enable
-- It takes messages again.
DELETE FROM webhook_disabled WHERE account_id = %(account_id)s AND url_hash = webhook_url_hash(%(url)s);

-- name: make_test
WITH made AS (
    INSERT INTO webhook_deliveries (id, account_id, event, url, host)
    VALUES (%(id)s, %(account_id)s, 'webhook.test', %(url)s, substring(%(url)s FROM '//([^/]+)'))
    RETURNING id
)
SELECT make_webhook_ticket(id) FROM made;

-- name: again
-- Due now, with all attempts before it; one that is under way is left alone.
WITH again AS (
    UPDATE webhook_deliveries SET state = 'pending', failures = 0, due_at = clock_timestamp(), ended_at = NULL
    WHERE id = %(id)s AND account_id = %(account_id)s
      AND (lease_until IS NULL OR lease_until < clock_timestamp())
    RETURNING id
)
SELECT make_webhook_ticket(id) FROM again;

-- name: list
-- Newest first, from a cursor: ids begin with the time of the task.
SELECT delivery.*, (
    SELECT coalesce(jsonb_agg(jsonb_build_object(
        'attempt', tried.attempt, 'at', floor(extract(epoch FROM tried.at))::bigint, 'outcome', tried.outcome,
        'status', tried.status, 'duration_ms', tried.duration_ms) ORDER BY tried.attempt), '[]')
    FROM webhook_attempts AS tried WHERE tried.delivery_id = delivery.id) AS attempts
FROM webhook_deliveries AS delivery
WHERE account_id = %(account_id)s
  AND (%(id)s::text IS NULL OR id = %(id)s)
  AND (%(task_id)s::text IS NULL OR task_id = %(task_id)s)
  AND (%(state)s::text IS NULL OR state = %(state)s)
  AND (%(before)s::text IS NULL OR id < %(before)s)
ORDER BY id DESC LIMIT %(limit)s;

-- name: make_missing
-- Tickets for what is due and has none: its ticket was lost, its pause is over, or its worker died. Of one receiver
-- no more than could be sent to it now: whoever has sent one looks for the next himself.
WITH busy AS (
    SELECT host, count(*) AS messages FROM webhook_deliveries
    WHERE lease_until > clock_timestamp() GROUP BY host
), due AS (
    SELECT id, host, due_at, row_number() OVER (PARTITION BY host ORDER BY due_at) AS place
    FROM webhook_deliveries AS delivery
    WHERE state = 'pending' AND due_at <= clock_timestamp()
      AND NOT EXISTS (
          SELECT FROM procrastinate_jobs AS job WHERE job.queueing_lock = delivery.id AND job.status = 'todo')
)
SELECT make_webhook_ticket(id) FROM (
    SELECT id FROM due LEFT JOIN busy USING (host)
    WHERE place + coalesce(messages, 0) <= %(per_host)s
    ORDER BY due_at LIMIT 100) AS first;

-- name: delete_stale
-- Tickets that nobody will finish: of workers that are gone.
DELETE FROM procrastinate_jobs AS job
WHERE queue_name = %(queue)s AND (
    status NOT IN ('todo', 'doing')
    OR (status = 'doing' AND NOT EXISTS (
        SELECT FROM procrastinate_workers AS worker
        WHERE worker.id = job.worker_id
          AND worker.last_heartbeat > now() - make_interval(secs => %(stalled_s)s))));

-- name: counts
SELECT state, count(*) AS deliveries FROM webhook_deliveries GROUP BY state;

-- name: oldest_due
SELECT coalesce(extract(epoch FROM clock_timestamp() - min(due_at)), 0)::float8 AS age
FROM webhook_deliveries WHERE state = 'pending' AND due_at <= clock_timestamp();
