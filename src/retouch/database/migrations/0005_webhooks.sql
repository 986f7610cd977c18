-- Webhooks: what is delivered to whom, how each attempt went, and what it is signed with.

CREATE TABLE webhook_secrets (     -- no secret: it is derived from the server's own and this salt
    account_id     text PRIMARY KEY,
    salt           bytea NOT NULL,
    made_at        timestamptz NOT NULL DEFAULT now(),
    previous_salt  bytea,                          -- signs too, until
    previous_until timestamptz,
    CHECK ((previous_salt IS NULL) = (previous_until IS NULL))
);

CREATE TABLE webhook_deliveries (
    id          text PRIMARY KEY,                  -- the header webhook-id: one event, whatever is tried
    account_id  text NOT NULL,
    task_id     text REFERENCES tasks (id) ON DELETE CASCADE,   -- NULL: a test
    event       text NOT NULL,
    url         text NOT NULL,
    host        text NOT NULL,                     -- with its port; a dead one holds up nobody else
    state       text NOT NULL DEFAULT 'pending',
    attempt     integer NOT NULL DEFAULT 0,        -- the fencing token: grows with every attempt
    failures    integer NOT NULL DEFAULT 0,        -- attempts that failed since it was made or sent again
    due_at      timestamptz DEFAULT now(),         -- when the next attempt may begin
    lease_until timestamptz,                       -- while an attempt is under way
    created_at  timestamptz NOT NULL DEFAULT now(),
    ended_at    timestamptz,
    CHECK (state IN ('pending', 'delivered', 'failed', 'disabled')),
    CHECK ((state = 'pending') = (ended_at IS NULL)),
    CHECK ((state = 'pending') = (due_at IS NOT NULL)),
    CHECK (state = 'pending' OR lease_until IS NULL)
);
CREATE UNIQUE INDEX webhook_deliveries_task ON webhook_deliveries (task_id);
CREATE INDEX webhook_deliveries_account ON webhook_deliveries (account_id, id);
CREATE INDEX webhook_deliveries_due ON webhook_deliveries (due_at) WHERE state = 'pending';
CREATE INDEX webhook_deliveries_leased ON webhook_deliveries (lease_until) WHERE lease_until IS NOT NULL;
CREATE INDEX webhook_deliveries_tests ON webhook_deliveries (created_at) WHERE task_id IS NULL;

CREATE TABLE webhook_attempts (    -- written when an attempt begins, completed when it ends
    delivery_id text NOT NULL REFERENCES webhook_deliveries (id) ON DELETE CASCADE,
    attempt     integer NOT NULL,
    at          timestamptz NOT NULL DEFAULT clock_timestamp(),
    outcome     text,                              -- NULL: under way
    status      integer,                           -- what the receiver answered
    duration_ms integer,
    PRIMARY KEY (delivery_id, attempt),
    CHECK (outcome IN ('delivered', 'refused', 'unreachable', 'gone', 'lost'))
);

CREATE TABLE webhook_disabled (    -- receivers that said 410, until one of them takes a test
    account_id  text NOT NULL,
    url_hash    bytea NOT NULL,                    -- an index cannot hold the longest URLs
    url         text NOT NULL,
    at          timestamptz NOT NULL DEFAULT now(),
    PRIMARY KEY (account_id, url_hash)
);

CREATE FUNCTION webhook_url_hash(url text) RETURNS bytea LANGUAGE sql IMMUTABLE AS $$
    SELECT sha256(convert_to(url, 'UTF8'))
$$;

-- A ticket of the queue 'webhooks' says that something is due; which delivery, the claim decides.
-- Unlike an edit's, it is announced here: at most one commit in a task's life has one.
CREATE FUNCTION make_webhook_ticket(delivery_id text) RETURNS void LANGUAGE plpgsql AS $$
BEGIN
    INSERT INTO procrastinate_jobs (queue_name, task_name, queueing_lock, args)
    VALUES ('webhooks', 'deliver', delivery_id, jsonb_build_object('delivery_id', delivery_id))
    ON CONFLICT (queueing_lock) WHERE status = 'todo' DO NOTHING;
    IF current_setting('retouch.notify', true) IS DISTINCT FROM 'off' THEN
        PERFORM pg_notify('procrastinate_queue_v1#webhooks', '{"type": "job_inserted", "job_id": 0}');
    END IF;
END
$$;

-- Whoever ends a task that has a webhook writes the delivery and its ticket, in that same transaction. No
-- path can forget it: complete, fail, cancel, a counter used up. The id is made of the task's: there
-- is one such event.
CREATE FUNCTION task_ended() RETURNS trigger LANGUAGE plpgsql AS $$
DECLARE
    told text := NEW.request ->> 'webhook';
    made text := 'msg_' || regexp_replace(NEW.id, '^task_', '');
    disabled boolean := EXISTS (
        SELECT FROM webhook_disabled
        WHERE account_id = NEW.account_id AND url_hash = webhook_url_hash(NEW.request ->> 'webhook'));
BEGIN
    INSERT INTO webhook_deliveries (id, account_id, task_id, event, url, host, state, due_at, ended_at)
    VALUES (made, NEW.account_id, NEW.id, 'task.' || NEW.status, told, substring(told FROM '//([^/]+)'),
            CASE WHEN disabled THEN 'disabled' ELSE 'pending' END,
            CASE WHEN NOT disabled THEN now() END,
            CASE WHEN disabled THEN now() END);
    IF NOT disabled THEN
        PERFORM make_webhook_ticket(made);
    END IF;
    RETURN NULL;
END
$$;
CREATE TRIGGER task_ended AFTER UPDATE OF status ON tasks FOR EACH ROW
    WHEN (OLD.ended_at IS NULL AND NEW.ended_at IS NOT NULL AND NEW.request ->> 'webhook' IS NOT NULL)
    EXECUTE FUNCTION task_ended();
