-- What a dead process's flight recorder says of its claims (docs: operations, deliveries). content_at is since when the content of the
-- claim that stands may have left; content_in_doubt says so of the claims before it that ended in a crash.
ALTER TABLE event_ledger
    ADD COLUMN IF NOT EXISTS content_in_doubt boolean NOT NULL DEFAULT false,
    ADD COLUMN IF NOT EXISTS content_accepted boolean NOT NULL DEFAULT false;
ALTER TABLE email_sends
    ADD COLUMN IF NOT EXISTS content_in_doubt boolean NOT NULL DEFAULT false,
    ADD COLUMN IF NOT EXISTS content_accepted boolean NOT NULL DEFAULT false;
-- A process of before wrote content_at only where it had to: what it has in hand may have left.
UPDATE event_ledger SET content_in_doubt = true WHERE status = 'working';
UPDATE email_sends SET content_in_doubt = true WHERE status = 'sending';
