-- What a dead process's flight recorder says of its claims (docs: operations). content_at is since when the content of the claim that
-- stands may have left; content_in_doubt says so of the claims before it that ended in a crash. A claim of ours writes both, so true is
-- what the rows that stand have, and those of a process of before, beside which ours may run: it wrote content_at only where it had to.
ALTER TABLE event_ledger
    ADD COLUMN IF NOT EXISTS content_in_doubt boolean NOT NULL DEFAULT true,
    ADD COLUMN IF NOT EXISTS content_accepted boolean NOT NULL DEFAULT false;
ALTER TABLE email_sends
    ADD COLUMN IF NOT EXISTS content_in_doubt boolean NOT NULL DEFAULT true,
    ADD COLUMN IF NOT EXISTS content_accepted boolean NOT NULL DEFAULT false;
