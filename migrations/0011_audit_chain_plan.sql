-- The chain's head is looked up by a statement of its own, without a parameter: as part of an assignment to NEW it was planned anew for each
-- row where a session plans for each execution (plan_cache_mode), which took four times as long as the lookup. What the chain says is unchanged.
DO $$
DECLARE
    home text := (SELECT quote_ident(nspname) FROM pg_class c JOIN pg_namespace n ON n.oid = c.relnamespace
                  WHERE c.oid = 'action_logs'::regclass);
BEGIN
    EXECUTE replace($function$
        -- A plan that was made for a small table stays in its session: it must use the index from the first row on.
        CREATE OR REPLACE FUNCTION HOME.chatear_audit_chain() RETURNS trigger LANGUAGE plpgsql SET enable_seqscan = off AS $body$
        DECLARE
            head bytea;
        BEGIN
            -- An older snapshot would not see the head, and the chain would fork.
            IF current_setting('transaction_isolation') <> 'read committed' THEN
                RAISE EXCEPTION 'table action_logs takes rows in READ COMMITTED transactions only'
                    USING ERRCODE = 'invalid_transaction_state';
            END IF;
            -- Held to the end of the transaction, and the number is drawn under it: the order of the chain is
            -- the order of the commits.
            PERFORM pg_advisory_xact_lock(7234109856120441);
            SELECT hash INTO head FROM HOME.action_logs WHERE chain_seq IS NOT NULL ORDER BY chain_seq DESC LIMIT 1;
            NEW.chain_seq := nextval('HOME.action_logs_chain_seq');
            NEW.prev_hash := coalesce(head, decode(repeat('00', 32), 'hex'));
            NEW.created_at := coalesce(NEW.created_at, now());
            NEW.hash := HOME.chatear_audit_hash(NEW.chain_seq, NEW.prev_hash, NEW.id::text, NEW.user_id::text,
                                                NEW.action, NEW.created_at, NEW.meta::text);
            RETURN NEW;
        END $body$
        $function$, 'HOME', home);
END $$;
