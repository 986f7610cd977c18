-- Whose turn it is (tasks/fairness.py; the clock and the held tickets: database/migrations/0004_fairness.sql).

-- name: bound
-- How many tasks of this task's account may run at once; NULL: as many as there are slots.
SELECT tasks.account_id, coalesce(accounts.tasks_at_once, %(default)s::integer) AS bound
FROM tasks LEFT JOIN accounts ON accounts.id = tasks.account_id
WHERE tasks.id = %(task_id)s AND tasks.status = 'pending';

-- name: lock
-- Until the end of the transaction nobody else counts this account's tasks, and none of them ends.
SELECT pg_advisory_xact_lock(turn_lock(%(account_id)s));

-- name: running
SELECT count(*) AS tasks FROM tasks WHERE status = 'processing' AND account_id = %(account_id)s;

-- name: hold
SELECT hold_tickets(%(account_id)s, %(task_id)s);

-- name: wake
SELECT wake_held(%(account_id)s, %(most)s);

-- name: flag_held
-- Accounts with held tickets know that they have them; a wake-up that was rolled back may have left them not to.
UPDATE accounts SET holds = true
FROM procrastinate_jobs AS job JOIN tasks ON tasks.id = job.queueing_lock
WHERE job.status = 'todo' AND job.scheduled_at = never_due()
  AND accounts.id = tasks.account_id AND NOT accounts.holds;

-- name: wake_lost
-- Held tickets whose account has room to run them: the wake-up was lost, or the bound was raised.
WITH held AS (
    SELECT DISTINCT tasks.account_id
    FROM procrastinate_jobs AS job JOIN tasks ON tasks.id = job.queueing_lock
    WHERE job.status = 'todo' AND job.scheduled_at = never_due()
), room AS (
    SELECT held.account_id, coalesce(accounts.tasks_at_once, %(default)s::integer, 1000000) - (
        SELECT count(*) FROM tasks WHERE status = 'processing' AND account_id = held.account_id) AS free
    FROM held JOIN accounts ON accounts.id = held.account_id
)
SELECT wake_held(account_id, free::integer) AS woken FROM room WHERE free > 0;

-- name: move_zero
-- Priorities are 32 bits: long before they run out, places are counted from a later one.
UPDATE fair_clock SET zero = vclock, moved = clock_timestamp() WHERE vclock - zero > %(span)s;

-- name: replace_tickets
-- After that, tickets made before (or by a submit that did not see it yet) are put in their order again.
UPDATE procrastinate_jobs AS job SET priority = ticket_priority(tasks.place)
FROM tasks, fair_clock
WHERE fair_clock.moved > clock_timestamp() - interval '1 minute'
  AND tasks.id = job.queueing_lock AND job.queue_name = %(queue)s AND job.status = 'todo'
  AND job.scheduled_at IS DISTINCT FROM never_due() AND job.priority <> ticket_priority(tasks.place);
