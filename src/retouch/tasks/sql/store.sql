-- The life of a task. A task belongs to whoever holds its attempt number: every write of a worker carries
-- it, and hits no row when another attempt, a cancel or an end came first. Each statement is one transaction
-- of its own; the trigger task_moved writes the events (database/migrations/0001_tasks.sql).

-- name: create
-- The row and its ticket, at the account's next place: all or none. No row: there is no such account.
WITH turn AS (
    SELECT * FROM take_place(%(account_id)s, %(cost)s)
), task AS (
    INSERT INTO tasks (id, account_id, key_id, request_id, request, price, place, vfinish)
    SELECT %(task_id)s, %(account_id)s, %(key_id)s, %(request_id)s, %(request)s, %(price)s,
           place, vfinish FROM turn
    RETURNING *
)
SELECT task.*, make_ticket_at(task.id, task.place, turn.holds) AS ticket FROM task, turn;

-- name: depth
-- How many tasks wait, counted no further than is asked.
SELECT count(*) AS depth FROM (SELECT FROM tasks WHERE status = 'pending' LIMIT %(limit)s) AS waiting;

-- name: get
-- Tasks by id, of one account or of any, with what they delivered.
SELECT tasks.*, task_results.outcome
FROM tasks LEFT JOIN task_results ON task_results.task_id = tasks.id
WHERE tasks.id = ANY(%(ids)s) AND (%(account_id)s::text IS NULL OR account_id = %(account_id)s)
  AND deleted_at IS NULL;

-- name: list
-- Newest first, from a cursor: ids begin with their time.
SELECT tasks.*, task_results.outcome
FROM tasks LEFT JOIN task_results ON task_results.task_id = tasks.id
WHERE (%(account_id)s::text IS NULL OR account_id = %(account_id)s)
  AND deleted_at IS NULL
  AND (%(status)s::text IS NULL OR status = %(status)s)
  AND (%(before)s::text IS NULL OR tasks.id < %(before)s)
ORDER BY tasks.id DESC LIMIT %(limit)s;

-- name: claim
-- A new attempt begins. Of many who try, the row lock lets one see the task pending.
-- The virtual clock follows the task that starts (database/migrations/0004_fairness.sql).
WITH task AS (
    UPDATE tasks
    SET status = 'processing', attempt = attempt + 1, worker = %(worker)s, reason = NULL,
        lease_until = clock_timestamp() + make_interval(secs => %(lease_s)s),
        started_at = coalesce(started_at, clock_timestamp())
    WHERE id = %(task_id)s AND status = 'pending'
    RETURNING *
), clock AS (
    UPDATE fair_clock SET vclock = task.place FROM task WHERE vclock < task.place
)
SELECT * FROM task;

-- name: heartbeat
-- The lease by the database's clock, whatever the worker's says.
UPDATE tasks
SET lease_until = clock_timestamp() + make_interval(secs => %(lease_s)s),
    progress = greatest(progress, %(progress)s)
WHERE id = %(task_id)s AND attempt = %(attempt)s AND status = 'processing';

-- name: checkpoint
-- What a later attempt needs to go on from here.
UPDATE tasks SET checkpoint = %(state)s
WHERE id = %(task_id)s AND attempt = %(attempt)s AND status = 'processing';

-- name: preview
-- An intermediate picture is an event of its own; it changes nothing else.
WITH task AS (
    UPDATE tasks SET event_seq = event_seq + 1
    WHERE id = %(task_id)s AND attempt = %(attempt)s AND status = 'processing'
    RETURNING id, event_seq
)
INSERT INTO task_events (task_id, seq, kind, data)
SELECT id, event_seq, 'preview', jsonb_build_object('key', %(key)s::text, 'index', %(index)s::integer) FROM task
RETURNING CASE WHEN current_setting('retouch.notify', true) IS DISTINCT FROM 'off'
    THEN pg_notify('retouch_task_events', task_id) END;

-- name: complete
-- The end, the result and its price: all or nothing.
WITH task AS (
    UPDATE tasks
    SET status = 'completed', progress = 100, lease_until = NULL, worker = NULL, reason = NULL,
        checkpoint = NULL, ended_at = clock_timestamp(),
        expires_at = clock_timestamp() + make_interval(secs => %(ttl_s)s),
        cost = price * jsonb_array_length(%(outcome)s::jsonb -> 'pictures')
    WHERE id = %(task_id)s AND attempt = %(attempt)s AND status = 'processing'
    RETURNING id, attempt
)
INSERT INTO task_results (task_id, attempt, outcome) SELECT id, attempt, %(outcome)s::jsonb FROM task;

-- name: fail
-- The end without a result; the reason is public.
UPDATE tasks
SET status = 'failed', failure = %(failure)s, reason = %(reason)s, lease_until = NULL, worker = NULL,
    checkpoint = NULL, ended_at = clock_timestamp()
WHERE id = %(task_id)s AND attempt = %(attempt)s AND status = 'processing';

-- name: lock_attempt
-- The counters of a running attempt, held until the transaction ends.
SELECT retries, child_crashed, worker_lost FROM tasks
WHERE id = %(task_id)s AND attempt = %(attempt)s AND status = 'processing' FOR UPDATE;

-- name: release
-- Back to pending with a ticket at its old place; the counters are the caller's, who holds the row or counts nothing.
WITH task AS (
    UPDATE tasks
    SET status = 'pending', lease_until = NULL, worker = NULL, reason = %(reason)s,
        retries = retries + %(retries)s, child_crashed = child_crashed + %(child_crashed)s,
        worker_lost = worker_lost + %(worker_lost)s
    WHERE id = %(task_id)s AND attempt = %(attempt)s AND status = 'processing'
    RETURNING id, place
)
SELECT make_ticket(id, ticket_priority(place), %(delay_s)s) FROM task;

-- name: count_last
-- The counter of the failure that ends the task.
UPDATE tasks
SET retries = retries + %(retries)s, child_crashed = child_crashed + %(child_crashed)s,
    worker_lost = worker_lost + %(worker_lost)s
WHERE id = %(task_id)s AND attempt = %(attempt)s AND status = 'processing';

-- name: overdue
-- Attempts whose lease has run out; those that somebody else is taking over right now are skipped.
-- One at a time: two who end tasks of the same keys and accounts never meet crosswise.
SELECT id, attempt, worker_lost FROM tasks
WHERE status = 'processing' AND lease_until < clock_timestamp()
ORDER BY id LIMIT 1 FOR UPDATE SKIP LOCKED;

-- name: cancel
-- The row first, then the ticket: a worker that does not hear of it is fenced all the same.
WITH task AS (
    UPDATE tasks
    SET status = 'cancelled', reason = NULL, lease_until = NULL, worker = NULL, checkpoint = NULL,
        ended_at = clock_timestamp()
    WHERE id = %(task_id)s AND status IN ('pending', 'processing')
      AND (%(account_id)s::text IS NULL OR account_id = %(account_id)s)
    RETURNING id
)
SELECT drop_ticket(id) FROM task;

-- name: account
-- Whether a submit of this account can be taken.
SELECT id FROM accounts WHERE id = %(account_id)s AND deleted_at IS NULL;

-- name: status
SELECT status FROM tasks
WHERE id = %(task_id)s AND (%(account_id)s::text IS NULL OR account_id = %(account_id)s)
  AND deleted_at IS NULL;

-- name: counts
SELECT status, count(*) AS tasks FROM tasks GROUP BY status;

-- name: oldest_pending
SELECT coalesce(extract(epoch FROM clock_timestamp() - min(created_at)), 0)::float8 AS age
FROM tasks WHERE status = 'pending';

-- name: events
-- What happened to a task since the event that a listener saw last.
SELECT seq, kind, data, at FROM task_events WHERE task_id = %(task_id)s AND seq > %(after)s ORDER BY seq;
