-- What workers write into adopted tables is as long as it is, and may be unknown (docs: tables). Additive.

-- Makes texts of columns that are none, or that have a length; defaults stay.
CREATE OR REPLACE FUNCTION pg_temp.make_room(of regclass, column_names text[]) RETURNS void LANGUAGE plpgsql AS $$
DECLARE
    one record;
BEGIN
    FOR one IN
        SELECT attname AS name, pg_get_expr(adbin, adrelid) AS standard
        FROM pg_attribute JOIN pg_type t ON t.oid = atttypid LEFT JOIN pg_attrdef ON adrelid = attrelid AND adnum = attnum
        WHERE attrelid = of AND attname = ANY (column_names) AND NOT attisdropped
          AND (typcategory <> 'S' OR (CASE WHEN typtype = 'd' THEN typtypmod ELSE atttypmod END) <> -1)
    LOOP
        EXECUTE format('ALTER TABLE %s ALTER COLUMN %I DROP DEFAULT', of, one.name);
        EXECUTE format('ALTER TABLE %1$s ALTER COLUMN %2$I TYPE text USING %2$I::text', of, one.name);
        IF one.standard IS NOT NULL THEN
            EXECUTE format('ALTER TABLE %s ALTER COLUMN %I SET DEFAULT (%s)::text', of, one.name, one.standard);
        END IF;
    END LOOP;
EXCEPTION WHEN feature_not_supported THEN
    RAISE EXCEPTION 'column % of table % has too little room for what is written there, and its type cannot be changed (%): '
        'drop the view of yours, migrate, and make it anew', one.name, of, SQLERRM
        USING ERRCODE = 'object_not_in_prerequisite_state';
END $$;

SELECT pg_temp.make_room('user_deletions', '{held_reason,held_from,address_hash}');
SELECT pg_temp.make_room('email_sends',
    '{event_id,status,claimed_by,reason,recipient,template_name,message_id,smtp_reply,error}');
ALTER TABLE user_deletions
    ALTER COLUMN held_reason DROP NOT NULL, ALTER COLUMN held_from DROP NOT NULL, ALTER COLUMN address_hash DROP NOT NULL,
    ALTER COLUMN next_mail_at DROP NOT NULL;
ALTER TABLE email_sends
    ALTER COLUMN claimed_by DROP NOT NULL, ALTER COLUMN claim_no DROP NOT NULL, ALTER COLUMN content_sha256 DROP NOT NULL,
    ALTER COLUMN published_at DROP NOT NULL, ALTER COLUMN reason DROP NOT NULL, ALTER COLUMN recipient DROP NOT NULL,
    ALTER COLUMN template_name DROP NOT NULL, ALTER COLUMN message_id DROP NOT NULL, ALTER COLUMN smtp_reply DROP NOT NULL,
    ALTER COLUMN error DROP NOT NULL, ALTER COLUMN content_at DROP NOT NULL, ALTER COLUMN sent_at DROP NOT NULL;
