-- Accounts take turns (start-time fair queueing: Goyal, Vin, Cheng, SIGCOMM 1996), have bounds and an end.
--
-- Every task gets a place on a virtual clock: where its account's last task ends, or where the clock stands
-- if that is later. A task is cost / weight long (cost: the pictures asked for). Tickets go out in the order of
-- the places, and the clock follows the place of the task that starts. An account that floods the queue thus
-- moves only its own tasks away; one that was silent has saved nothing up.

ALTER TABLE accounts
    ADD COLUMN weight        double precision NOT NULL DEFAULT 1 CHECK (weight BETWEEN 0.01 AND 100),
    ADD COLUMN tasks_at_once integer CHECK (tasks_at_once >= 1),   -- NULL: as the settings have it
    ADD COLUMN vfinish       double precision NOT NULL DEFAULT 0,  -- where the last task of the account ends
    ADD COLUMN holds         boolean NOT NULL DEFAULT false,       -- tickets wait for one of its tasks to end
    ADD COLUMN deleted_at    timestamptz;                          -- its data is being deleted
ALTER TABLE accounts SET (fillfactor = 50);                        -- every submit changes the row in place

ALTER TABLE tasks
    ADD COLUMN place      double precision NOT NULL DEFAULT 0,     -- on the virtual clock; kept by every attempt
    ADD COLUMN vfinish    double precision NOT NULL DEFAULT 0,
    ADD COLUMN deleted_at timestamptz;                             -- gone for its client; the sweeper does the rest
CREATE INDEX tasks_open ON tasks (account_id, place) WHERE ended_at IS NULL;
CREATE INDEX tasks_deleted ON tasks (id) WHERE deleted_at IS NOT NULL;

CREATE TABLE fair_clock (       -- one row
    one    boolean PRIMARY KEY DEFAULT true CHECK (one),
    vclock double precision NOT NULL DEFAULT 0,
    zero   double precision NOT NULL DEFAULT 0,                    -- the place whose tickets have priority 0
    moved  timestamptz NOT NULL DEFAULT now()                      -- when zero was moved last
) WITH (fillfactor = 10);
INSERT INTO fair_clock DEFAULT VALUES;

-- A place as the queue's integer, higher first, in hundredths of a picture.
CREATE FUNCTION ticket_priority(place double precision) RETURNS integer LANGUAGE sql STABLE AS $$
    SELECT greatest(-2147483647, least(2147483647, round((zero - place) * 100)))::integer FROM fair_clock
$$;

-- The next place of an account. Its row is locked until the submit commits: an account's submits go one by one.
-- No row: there is no such account (any more).
CREATE FUNCTION take_place(account text, cost double precision, OUT place double precision,
                           OUT vfinish double precision, OUT holds boolean)
RETURNS SETOF record LANGUAGE sql AS $$
    UPDATE accounts
    SET vfinish = greatest(accounts.vfinish, fair_clock.vclock) + cost / accounts.weight
    FROM fair_clock
    WHERE accounts.id = account AND deleted_at IS NULL
    RETURNING accounts.vfinish - cost / accounts.weight, accounts.vfinish, accounts.holds
$$;

-- A held ticket lies at the end of the queue and is never due: it costs a worker that looks for work nothing.
CREATE FUNCTION never_due() RETURNS timestamptz LANGUAGE sql IMMUTABLE AS $$
    SELECT timestamptz '9999-01-01 00:00:00+00'
$$;
CREATE FUNCTION hold_ticket(task text) RETURNS void LANGUAGE sql AS $$
    SELECT make_ticket(task, 0, 0);
    UPDATE procrastinate_jobs SET scheduled_at = never_due(), priority = -2147483648
    WHERE queueing_lock = task AND status = 'todo';
$$;

-- One key of an account's advisory lock: claims that count take it alone, ends that wake share it.
CREATE FUNCTION turn_lock(account text) RETURNS bigint LANGUAGE sql IMMUTABLE AS $$
    SELECT hashtextextended('retouch turn ' || account, 0)
$$;

-- An account is at its bound: all its tickets that are due are held at once, this task's among them. One fetch
-- of a worker is lost by that, not one for every ticket.
CREATE FUNCTION hold_tickets(account text, task text) RETURNS void LANGUAGE sql AS $$
    UPDATE accounts SET holds = true WHERE id = account AND NOT holds;
    SELECT hold_ticket(task);
    UPDATE procrastinate_jobs AS job SET scheduled_at = never_due(), priority = -2147483648
    FROM tasks
    WHERE tasks.account_id = account AND tasks.ended_at IS NULL AND tasks.status = 'pending'
      AND job.queueing_lock = tasks.id AND job.status = 'todo'
      AND (job.scheduled_at IS NULL OR job.scheduled_at <= clock_timestamp());
$$;

-- Up to ``most`` held tickets of an account go back to their places, the earliest first.
CREATE FUNCTION wake_held(account text, most integer) RETURNS integer LANGUAGE plpgsql AS $$
DECLARE
    woken integer;
BEGIN
    -- Whoever counts this account's running tasks right now decides first: no ticket is held behind our back.
    PERFORM pg_advisory_xact_lock_shared(turn_lock(account));
    IF NOT EXISTS (SELECT FROM accounts WHERE id = account AND holds) THEN
        RETURN 0;
    END IF;
    -- A submit that saw ``holds`` has made its held ticket by the time we have this row.
    PERFORM FROM accounts WHERE id = account FOR NO KEY UPDATE;
    UPDATE procrastinate_jobs AS job
    SET scheduled_at = NULL, priority = ticket_priority(next.place)
    FROM (SELECT held.id, tasks.place
          FROM tasks JOIN procrastinate_jobs AS held ON held.queueing_lock = tasks.id
          WHERE tasks.account_id = account AND tasks.ended_at IS NULL AND tasks.status = 'pending'
            AND held.status = 'todo' AND held.scheduled_at = never_due()
          ORDER BY tasks.place, held.id LIMIT most
          FOR UPDATE OF held SKIP LOCKED) AS next
    WHERE job.id = next.id;
    GET DIAGNOSTICS woken = ROW_COUNT;
    IF woken = 0 THEN
        UPDATE accounts SET holds = false WHERE id = account;
    ELSIF current_setting('retouch.notify', true) IS DISTINCT FROM 'off' THEN
        PERFORM pg_notify('procrastinate_queue_v1#edits', '{"type": "job_inserted", "job_id": 0}');
    END IF;
    RETURN woken;
END
$$;

-- A running task that stops makes room for one that is held; a waiting one that is cancelled gives its turn
-- back, if it was the last of its account: who cancels a flood need not wait as if it had been served.
CREATE FUNCTION task_left() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    IF OLD.status = 'processing' THEN
        PERFORM wake_held(NEW.account_id, 1);
    ELSE
        UPDATE accounts
        SET vfinish = greatest(
            (SELECT vclock FROM fair_clock),
            (SELECT vfinish FROM tasks WHERE account_id = NEW.account_id AND ended_at IS NULL
             ORDER BY place DESC LIMIT 1))
        WHERE id = NEW.account_id AND vfinish = NEW.vfinish;
    END IF;
    RETURN NULL;
END
$$;
CREATE TRIGGER task_left AFTER UPDATE OF status ON tasks FOR EACH ROW
    WHEN (OLD.status = 'processing' AND NEW.status <> 'processing'
          OR OLD.status = 'pending' AND NEW.status = 'cancelled')
    EXECUTE FUNCTION task_left();

-- The ticket of a task that begins or goes on: at its place, or held with the rest of its account.
CREATE FUNCTION make_ticket_at(task text, place double precision, holds boolean) RETURNS void
LANGUAGE sql AS $$
    SELECT CASE WHEN holds THEN NULL ELSE make_ticket(task, ticket_priority(place), 0) END;
    SELECT hold_ticket(task) WHERE holds;
$$;
