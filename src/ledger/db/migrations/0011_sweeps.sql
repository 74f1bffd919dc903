-- How a connection's sweeps went: what `connection show` tells, and by what one that is overdue is known.
CREATE TABLE sweeps (
  connection_id     text PRIMARY KEY REFERENCES connections ON DELETE CASCADE,
  -- Sweeps are expected from here on: the cron was started then.
  expected_since    timestamptz NOT NULL DEFAULT clock_timestamp(),
  -- The last sweep that passed over everything due.
  done_at           timestamptz,
  -- What is known of the last one: how it ended, or that it does not end; since when it is so, and why.
  outcome           text CHECK (outcome IN ('done', 'failed', 'refused', 'skipped', 'cancelled', 'late')),
  outcome_since     timestamptz,
  code              text,
  message           text,
  -- What the last one that was done had to leave undone of its housekeeping, in words.
  untidy            text[] NOT NULL DEFAULT '{}',
  -- The cron was found gone, and started again.
  cron_restarted_at timestamptz
);
INSERT INTO sweeps (connection_id) SELECT connection_id FROM connections WHERE state <> 'implicit';
GRANT SELECT, INSERT, UPDATE ON sweeps TO lbsync_app;
