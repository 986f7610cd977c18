-- Tasks, their results, their events; accounts, keys, uploads. The queue's own tables came before this file.

CREATE TABLE facts (            -- single facts about this database, such as the fingerprint of its secret
    name  text PRIMARY KEY,
    value text NOT NULL
);

CREATE TABLE accounts (
    id         text PRIMARY KEY,
    created_at timestamptz NOT NULL DEFAULT now()
);

CREATE TABLE api_keys (         -- the key itself is never kept: prefix to find it, HMAC to prove it
    id         text PRIMARY KEY,
    account_id text NOT NULL REFERENCES accounts (id),
    name       text NOT NULL,
    prefix     text NOT NULL UNIQUE,
    digest     bytea NOT NULL,
    admin      boolean NOT NULL DEFAULT false,
    created_at timestamptz NOT NULL DEFAULT now(),
    revoked_at timestamptz
);

CREATE TABLE uploads (          -- bytes live in the object store under uploads/<id>
    id           text PRIMARY KEY,
    account_id   text NOT NULL,
    filename     text NOT NULL,
    content_type text NOT NULL,
    bytes        bigint NOT NULL,
    created_at   timestamptz NOT NULL DEFAULT now(),
    expires_at   timestamptz NOT NULL
);
CREATE INDEX uploads_expiry ON uploads (expires_at);

CREATE TABLE tasks (
    id            text PRIMARY KEY,
    account_id    text NOT NULL,
    key_id        text NOT NULL,
    request_id    text NOT NULL,
    request       jsonb NOT NULL,
    status        text NOT NULL DEFAULT 'pending',
    progress      smallint NOT NULL DEFAULT 0 CHECK (progress BETWEEN 0 AND 100),
    attempt       integer NOT NULL DEFAULT 0,     -- the fencing token: grows with every claim
    retries       integer NOT NULL DEFAULT 0,     -- attempts that ended in a failure that may pass
    child_crashed integer NOT NULL DEFAULT 0,     -- attempts that killed their child
    worker_lost   integer NOT NULL DEFAULT 0,     -- attempts that lost their worker
    worker        text,
    lease_until   timestamptz,
    reason        text,                           -- why the last change of status came about
    checkpoint    jsonb,
    failure       jsonb,
    cost          double precision NOT NULL DEFAULT 0,
    event_seq     integer NOT NULL DEFAULT 1,     -- number of the newest row in task_events
    created_at    timestamptz NOT NULL DEFAULT now(),
    started_at    timestamptz,
    ended_at      timestamptz,
    expires_at    timestamptz,                    -- when the pictures of a completed task are deleted
    inputs_gone   boolean NOT NULL DEFAULT false,
    results_gone  boolean NOT NULL DEFAULT false,
    CHECK (status IN ('pending', 'processing', 'completed', 'failed', 'cancelled')),
    CHECK ((status IN ('completed', 'failed', 'cancelled')) = (ended_at IS NOT NULL)),
    CHECK ((status = 'processing') = (lease_until IS NOT NULL)),
    CHECK ((status = 'failed') = (failure IS NOT NULL))
) WITH (fillfactor = 80);                         -- room for heartbeats to stay on their page
CREATE INDEX tasks_of_account ON tasks (account_id, id);
CREATE INDEX tasks_pending ON tasks (created_at) WHERE status = 'pending';
CREATE INDEX tasks_processing ON tasks (id) WHERE status = 'processing';
CREATE INDEX tasks_ended ON tasks (ended_at) WHERE ended_at IS NOT NULL;
CREATE INDEX tasks_with_inputs ON tasks (ended_at) WHERE ended_at IS NOT NULL AND NOT inputs_gone;
CREATE INDEX tasks_with_results ON tasks (expires_at) WHERE expires_at IS NOT NULL AND NOT results_gone;

CREATE TABLE task_results (     -- at most one row per task: the committed outcome
    task_id text PRIMARY KEY REFERENCES tasks (id) ON DELETE CASCADE,
    attempt integer NOT NULL,
    outcome jsonb NOT NULL,
    at      timestamptz NOT NULL DEFAULT now()
);

CREATE TABLE task_events (      -- what a client that waits or listens is told, in order
    task_id text NOT NULL REFERENCES tasks (id) ON DELETE CASCADE,
    seq     integer NOT NULL,
    kind    text NOT NULL,
    data    jsonb NOT NULL,
    at      timestamptz NOT NULL DEFAULT now(),
    PRIMARY KEY (task_id, seq)
);
CREATE UNIQUE INDEX task_events_one_end ON task_events (task_id)
    WHERE kind IN ('completed', 'failed', 'cancelled');

-- The transition table of retouch.task, once more where no code can go round it. A test compares the two.
CREATE FUNCTION task_may_become(old text, new text) RETURNS boolean LANGUAGE sql IMMUTABLE AS $$
    SELECT CASE old
        WHEN 'pending' THEN new IN ('processing', 'cancelled')
        WHEN 'processing' THEN new IN ('pending', 'completed', 'failed', 'cancelled')
        ELSE false
    END
$$;

-- Every change of status, and every step forward, is one event; nobody can forget to write it.
CREATE FUNCTION task_changed() RETURNS trigger LANGUAGE plpgsql AS $$
DECLARE
    moved boolean := TG_OP = 'INSERT' OR NEW.status <> OLD.status;
BEGIN
    IF TG_OP = 'INSERT' THEN
        IF NEW.status <> 'pending' THEN
            RAISE EXCEPTION 'a task begins pending, not %', NEW.status USING ERRCODE = 'check_violation';
        END IF;
    ELSE
        IF moved AND NOT task_may_become(OLD.status, NEW.status) THEN
            RAISE EXCEPTION 'a task cannot go from % to %', OLD.status, NEW.status
                USING ERRCODE = 'check_violation';
        END IF;
        IF NEW.attempt < OLD.attempt OR NEW.progress < OLD.progress THEN
            RAISE EXCEPTION 'attempt and progress never go back' USING ERRCODE = 'check_violation';
        END IF;
        NEW.event_seq := OLD.event_seq + 1;
    END IF;
    INSERT INTO task_events (task_id, seq, kind, data) VALUES (
        NEW.id, NEW.event_seq, CASE WHEN moved THEN NEW.status ELSE 'progress' END,
        jsonb_strip_nulls(jsonb_build_object(
            'status', NEW.status, 'progress', NEW.progress, 'attempt', NEW.attempt,
            'reason', CASE WHEN moved THEN NEW.reason END)));
    -- Nobody can be waiting for a task that is not yet committed, and NOTIFY takes a lock over all commits.
    IF TG_OP = 'UPDATE' AND current_setting('retouch.notify', true) IS DISTINCT FROM 'off' THEN
        PERFORM pg_notify('retouch_task_events', NEW.id);
    END IF;
    RETURN NEW;
END
$$;
CREATE TRIGGER task_made AFTER INSERT ON tasks FOR EACH ROW EXECUTE FUNCTION task_changed();
CREATE TRIGGER task_moved BEFORE UPDATE OF status, progress, attempt ON tasks FOR EACH ROW
    WHEN (OLD.status IS DISTINCT FROM NEW.status OR OLD.progress IS DISTINCT FROM NEW.progress
          OR OLD.attempt IS DISTINCT FROM NEW.attempt)
    EXECUTE FUNCTION task_changed();

-- A ticket is a job of the queue whose queueing_lock is the task's id: at most one of them waits. The row
-- is the one that procrastinate_defer_jobs_v1 would make, but a ticket that already waits is moved instead
-- of refused: a refusal would roll the change of status back.
CREATE FUNCTION make_ticket(task_id text, priority integer, delay_s double precision)
RETURNS bigint LANGUAGE sql AS $$
    INSERT INTO procrastinate_jobs (queue_name, task_name, priority, queueing_lock, args, scheduled_at)
    VALUES ('edits', 'edit', priority, task_id, jsonb_build_object('task_id', task_id),
            CASE WHEN delay_s > 0 THEN clock_timestamp() + make_interval(secs => delay_s) END)
    ON CONFLICT (queueing_lock) WHERE status = 'todo'
    DO UPDATE SET scheduled_at = EXCLUDED.scheduled_at, priority = EXCLUDED.priority
    RETURNING id
$$;

-- An ended task wants no ticket: the waiting one goes, the running one is told to stop.
CREATE FUNCTION drop_ticket(task_id text) RETURNS void LANGUAGE sql AS $$
    DELETE FROM procrastinate_jobs WHERE queueing_lock = task_id AND status = 'todo';
    UPDATE procrastinate_jobs SET abort_requested = true
    WHERE queueing_lock = task_id AND status = 'doing' AND NOT abort_requested;
$$;
CREATE INDEX retouch_running_tickets ON procrastinate_jobs (queueing_lock) WHERE status = 'doing';

-- A NOTIFY inside the submit would hold a lock over all commits for the length of its fsync: 368 submits/s
-- instead of 2,109. TicketQueue.wake sends it just after, in a transaction that writes nothing.
DROP TRIGGER procrastinate_jobs_notify_queue_job_inserted_v1 ON procrastinate_jobs;
