-- The tables of the delivery path: ledgers, outbox, workers, suspects (docs: the delivery path).
-- Additive: a table that stands already gets the columns, keys and indexes that it lacks.

-- Adds a unique key over exactly these columns unless one stands.
CREATE FUNCTION pg_temp.ensure_key(of regclass, key_columns text[]) RETURNS void LANGUAGE plpgsql AS $$
BEGIN
    IF NOT EXISTS (
        SELECT FROM pg_index
        WHERE indrelid = of AND indisunique AND indpred IS NULL AND indexprs IS NULL
          AND (SELECT array_agg(attname::text ORDER BY attname) FROM pg_attribute
               WHERE attrelid = of AND attnum = ANY (indkey)) = (SELECT array_agg(c ORDER BY c) FROM unnest(key_columns) c)
    ) THEN
        EXECUTE format('ALTER TABLE %s ADD UNIQUE (%s)', of, (SELECT string_agg(quote_ident(c), ', ') FROM unnest(key_columns) c));
    END IF;
END $$;

-- Adds a check by its name unless it stands. Rows from before are not checked.
CREATE FUNCTION pg_temp.ensure_check(of regclass, check_name text, expression text) RETURNS void LANGUAGE plpgsql AS $$
BEGIN
    IF NOT EXISTS (SELECT FROM pg_constraint WHERE conrelid = of AND conname = check_name) THEN
        EXECUTE format('ALTER TABLE %s ADD CONSTRAINT %I CHECK (%s) NOT VALID', of, check_name, expression);
    END IF;
END $$;

-- Which processes live. A holder of claims is dead when it has not renewed for 30 s, or was released.
CREATE TABLE IF NOT EXISTS workers (instance text PRIMARY KEY);
ALTER TABLE workers
    ADD COLUMN IF NOT EXISTS instance text,
    ADD COLUMN IF NOT EXISTS worker text NOT NULL DEFAULT '',
    ADD COLUMN IF NOT EXISTS host text NOT NULL DEFAULT '',
    ADD COLUMN IF NOT EXISTS started_at timestamptz NOT NULL DEFAULT now(),
    ADD COLUMN IF NOT EXISTS renewed_at timestamptz NOT NULL DEFAULT now(),
    ADD COLUMN IF NOT EXISTS renewed_since timestamptz NOT NULL DEFAULT now(),
    ADD COLUMN IF NOT EXISTS released_at timestamptz;
SELECT pg_temp.ensure_key('workers', '{instance}');

-- Where each event stands. Only claimed_by and claim_no say whose it is while its status is `working`.
CREATE TABLE IF NOT EXISTS event_ledger (subject text, event_id text, PRIMARY KEY (subject, event_id));
ALTER TABLE event_ledger
    ADD COLUMN IF NOT EXISTS subject text,
    ADD COLUMN IF NOT EXISTS event_id text,
    ADD COLUMN IF NOT EXISTS status text NOT NULL DEFAULT 'working',
    ADD COLUMN IF NOT EXISTS attempts integer NOT NULL DEFAULT 0,
    ADD COLUMN IF NOT EXISTS generation integer NOT NULL DEFAULT 0,
    ADD COLUMN IF NOT EXISTS claimed_by text,
    ADD COLUMN IF NOT EXISTS claim_no bigint,
    ADD COLUMN IF NOT EXISTS takeovers integer NOT NULL DEFAULT 0,
    ADD COLUMN IF NOT EXISTS content_sha256 bytea,
    ADD COLUMN IF NOT EXISTS published_at timestamptz,
    ADD COLUMN IF NOT EXISTS reason text,
    ADD COLUMN IF NOT EXISTS content_at timestamptz,
    ADD COLUMN IF NOT EXISTS created_at timestamptz NOT NULL DEFAULT now(),
    ADD COLUMN IF NOT EXISTS updated_at timestamptz NOT NULL DEFAULT now();
SELECT pg_temp.ensure_key('event_ledger', '{subject,event_id}');
SELECT pg_temp.ensure_check('event_ledger', 'event_ledger_status',
    $$status IN ('working', 'done', 'retrying', 'deferred', 'failed', 'ambiguous')$$);
CREATE INDEX IF NOT EXISTS event_ledger_final ON event_ledger (updated_at)
    WHERE status IN ('done', 'failed', 'ambiguous');
CREATE INDEX IF NOT EXISTS event_ledger_claimed ON event_ledger (claimed_by) WHERE status = 'working';

-- The ledger of email.send, and what became of each e-mail.
CREATE TABLE IF NOT EXISTS email_sends (event_id text PRIMARY KEY);
ALTER TABLE email_sends
    ADD COLUMN IF NOT EXISTS event_id text,
    ADD COLUMN IF NOT EXISTS status text NOT NULL DEFAULT 'sending',
    ADD COLUMN IF NOT EXISTS attempts integer NOT NULL DEFAULT 0,
    ADD COLUMN IF NOT EXISTS generation integer NOT NULL DEFAULT 0,
    ADD COLUMN IF NOT EXISTS claimed_by text,
    ADD COLUMN IF NOT EXISTS claim_no bigint,
    ADD COLUMN IF NOT EXISTS takeovers integer NOT NULL DEFAULT 0,
    ADD COLUMN IF NOT EXISTS content_sha256 bytea,
    ADD COLUMN IF NOT EXISTS published_at timestamptz,
    ADD COLUMN IF NOT EXISTS reason text,
    ADD COLUMN IF NOT EXISTS recipient text,
    ADD COLUMN IF NOT EXISTS template_name text,
    ADD COLUMN IF NOT EXISTS message_id text,
    ADD COLUMN IF NOT EXISTS smtp_reply text,
    ADD COLUMN IF NOT EXISTS error text,
    ADD COLUMN IF NOT EXISTS content_at timestamptz,
    ADD COLUMN IF NOT EXISTS sent_at timestamptz,
    ADD COLUMN IF NOT EXISTS created_at timestamptz NOT NULL DEFAULT now(),
    ADD COLUMN IF NOT EXISTS updated_at timestamptz NOT NULL DEFAULT now();
SELECT pg_temp.ensure_key('email_sends', '{event_id}');
SELECT pg_temp.ensure_check('email_sends', 'email_sends_status',
    $$status IN ('sending', 'sent', 'retrying', 'deferred', 'failed', 'ambiguous', 'suppressed')$$);
CREATE INDEX IF NOT EXISTS email_sends_final ON email_sends (updated_at)
    WHERE status IN ('sent', 'failed', 'ambiguous', 'suppressed');
CREATE INDEX IF NOT EXISTS email_sends_claimed ON email_sends (claimed_by) WHERE status = 'sending';

-- Events that run alone because processes died with them in hand.
CREATE TABLE IF NOT EXISTS suspects (subject text, event_id text, PRIMARY KEY (subject, event_id));
ALTER TABLE suspects
    ADD COLUMN IF NOT EXISTS subject text,
    ADD COLUMN IF NOT EXISTS event_id text,
    ADD COLUMN IF NOT EXISTS instance text NOT NULL DEFAULT '',
    ADD COLUMN IF NOT EXISTS started_at timestamptz NOT NULL DEFAULT now(),
    ADD COLUMN IF NOT EXISTS crashes integer NOT NULL DEFAULT 0;
SELECT pg_temp.ensure_key('suspects', '{subject,event_id}');

-- Everything that is to be published, now or later. headers: [["Name", "value"], ...].
CREATE TABLE IF NOT EXISTS outbox (id uuid PRIMARY KEY DEFAULT gen_random_uuid());
ALTER TABLE outbox
    ADD COLUMN IF NOT EXISTS id uuid NOT NULL DEFAULT gen_random_uuid(),
    ADD COLUMN IF NOT EXISTS subject text NOT NULL,
    ADD COLUMN IF NOT EXISTS payload bytea NOT NULL,
    ADD COLUMN IF NOT EXISTS headers jsonb NOT NULL DEFAULT '[]',
    ADD COLUMN IF NOT EXISTS due_at timestamptz NOT NULL DEFAULT now(),
    ADD COLUMN IF NOT EXISTS refused_reason text,
    ADD COLUMN IF NOT EXISTS created_at timestamptz NOT NULL DEFAULT now(),
    ADD COLUMN IF NOT EXISTS origin_subject text,
    ADD COLUMN IF NOT EXISTS event_id text,
    ADD COLUMN IF NOT EXISTS kind text,
    ADD COLUMN IF NOT EXISTS generation integer;
ALTER TABLE outbox ALTER COLUMN id SET DEFAULT gen_random_uuid();
SELECT pg_temp.ensure_key('outbox', '{id}');
SELECT pg_temp.ensure_key('outbox', '{origin_subject,event_id,kind,generation}');
SELECT pg_temp.ensure_check('outbox', 'outbox_kind', $$kind IN ('event', 'dead_letter', 'domain_event')$$);
CREATE INDEX IF NOT EXISTS outbox_due ON outbox (due_at) WHERE refused_reason IS NULL;

-- Wakes the relays when something is due before they would look by themselves.
CREATE OR REPLACE FUNCTION chatear_outbox_notify() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    IF EXISTS (SELECT FROM inserted WHERE due_at < now() + interval '5 seconds') THEN
        PERFORM pg_notify('chatear_outbox', '');
    END IF;
    RETURN NULL;
END $$;
CREATE OR REPLACE TRIGGER chatear_outbox_notify AFTER INSERT ON outbox
    REFERENCING NEW TABLE AS inserted FOR EACH STATEMENT EXECUTE FUNCTION chatear_outbox_notify();

-- Headers in the outbox's own form, from that form or from an object {"Name": "value"}.
CREATE OR REPLACE FUNCTION chatear_headers(headers jsonb) RETURNS jsonb LANGUAGE plpgsql IMMUTABLE AS $$
DECLARE
    pairs jsonb := coalesce(headers, '[]');
BEGIN
    IF jsonb_typeof(pairs) = 'object' THEN
        SELECT coalesce(jsonb_agg(jsonb_build_array(key, value) ORDER BY key), '[]') INTO pairs FROM jsonb_each(pairs);
    END IF;
    IF jsonb_typeof(pairs) <> 'array' OR EXISTS (
        SELECT FROM jsonb_array_elements(pairs) pair
        WHERE jsonb_typeof(pair) <> 'array' OR jsonb_array_length(pair) <> 2
           OR jsonb_typeof(pair -> 0) <> 'string' OR jsonb_typeof(pair -> 1) <> 'string'
           OR (pair ->> 0) !~ '^[!-9;-~]+$' OR (pair ->> 1) ~ '[\r\n]'
    ) THEN
        RAISE EXCEPTION 'headers must be [["Name", "value"], ...] or {"Name": "value"}: names of printable ASCII '
            'without colon and space, values without line breaks' USING ERRCODE = 'invalid_parameter_value';
    END IF;
    RETURN pairs;
END $$;

-- For producers in any language, in their own transaction: the event exists when that commits, and
-- only then. The result is the outbox row's id, and the message's Nats-Msg-Id.
CREATE OR REPLACE FUNCTION chatear_publish(
    subject text, payload bytea, headers jsonb DEFAULT '[]', due_at timestamptz DEFAULT now()
) RETURNS uuid LANGUAGE plpgsql AS $$
DECLARE
    new_id uuid;
BEGIN
    IF subject IS NULL OR subject !~ '^[^.*>\s]+(\.[^.*>\s]+)*$' THEN
        RAISE EXCEPTION 'subject "%" must be words joined by dots, without spaces and wildcards', subject
            USING ERRCODE = 'invalid_parameter_value';
    END IF;
    INSERT INTO outbox AS o (subject, payload, headers, due_at)
    VALUES (chatear_publish.subject, chatear_publish.payload, chatear_headers(chatear_publish.headers),
            coalesce(chatear_publish.due_at, now()))
    RETURNING o.id INTO new_id;
    RETURN new_id;
END $$;

CREATE OR REPLACE FUNCTION chatear_publish(
    subject text, payload text, headers jsonb DEFAULT '[]', due_at timestamptz DEFAULT now()
) RETURNS uuid LANGUAGE sql AS $$ SELECT chatear_publish(subject, convert_to(payload, 'UTF8'), headers, due_at) $$;

CREATE OR REPLACE FUNCTION chatear_publish(
    subject text, payload jsonb, headers jsonb DEFAULT '[]', due_at timestamptz DEFAULT now()
) RETURNS uuid LANGUAGE sql AS $$ SELECT chatear_publish(subject, convert_to(payload::text, 'UTF8'), headers, due_at) $$;
