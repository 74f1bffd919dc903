-- The echo of our own write in Dynamics, which tells no version, is known by its value.
-- own_write: {value, creates} of an event that may be the echo of a write of ours; null: it is none.
ALTER TABLE inbox ADD COLUMN own_write jsonb;
-- The version that our last write made; the row may have another one by now.
ALTER TABLE crm_subscriptions ADD COLUMN own_version text;
