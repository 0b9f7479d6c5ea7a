-- Where users.id is a uuid and an adopted user_deletions.user_id is a text, an id in capitals was nobody's (docs: tables). Only such
-- rows change: they name the account as users does. Of a user's open ones the one that is furthest stays, then the oldest.
DO $$
DECLARE
    logged text := (SELECT format_type(atttypid, NULL) FROM pg_attribute
                    WHERE attrelid = 'action_logs'::regclass AND attname = 'user_id' AND NOT attisdropped);
BEGIN
    IF NOT EXISTS (
        SELECT FROM pg_attribute account, pg_attribute ours JOIN pg_type t ON t.oid = ours.atttypid
        WHERE account.attrelid = 'users'::regclass AND account.attname = 'id' AND account.atttypid = 'uuid'::regtype
          AND ours.attrelid = 'user_deletions'::regclass AND ours.attname = 'user_id' AND t.typcategory = 'S'
    ) THEN
        RETURN;
    END IF;
    CREATE TEMP TABLE named_anew ON COMMIT DROP AS
    SELECT d.id, d.status AS was, u.id::text AS user_id,
           d.status IN ('queued', 'scheduled', 'held') AND row_number() OVER (
               PARTITION BY u.id, d.status IN ('queued', 'scheduled', 'held')
               ORDER BY d.status = 'queued', d.requested_at, d.id) > 1 AS one_too_many
    FROM user_deletions d JOIN users u ON u.id::text = lower(d.user_id);
    UPDATE user_deletions d SET status = 'failed' FROM named_anew n WHERE n.id = d.id AND n.one_too_many;
    UPDATE user_deletions d SET user_id = n.user_id FROM named_anew n WHERE n.id = d.id AND d.user_id <> n.user_id;
    EXECUTE format(
        'INSERT INTO action_logs (user_id, action, meta)
         SELECT %s, ''deletion.failed'', jsonb_build_object(''deletion_id'', id::text, ''user_id'', user_id, ''was'', was,
                    ''reason'', ''another deletion of the user is open'')
         FROM named_anew WHERE one_too_many ORDER BY id',
        CASE WHEN logged IN ('text', 'character varying', 'character') THEN 'user_id'
             WHEN logged = 'uuid' THEN 'user_id::uuid' ELSE format('NULL::%s', logged) END);
END $$;
