-- Webhook addresses that a connection had before: still taken, as events are under way to them. accepted_until NULL: until the
-- new one is known to be registered.
CREATE TABLE retired_webhook_refs (
  webhook_ref    text PRIMARY KEY,
  connection_id  text NOT NULL REFERENCES connections ON DELETE CASCADE,
  retired_at     timestamptz NOT NULL DEFAULT now(),
  accepted_until timestamptz
);
CREATE INDEX ON retired_webhook_refs (connection_id);
GRANT SELECT, INSERT, UPDATE, DELETE ON retired_webhook_refs TO lbsync_app;
