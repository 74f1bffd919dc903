-- Since when a system's gate is closed, and in plain words why and what to do.
ALTER TABLE connections
  ADD COLUMN emarketeer_blocked_since timestamptz,
  ADD COLUMN emarketeer_blocked_reason text,
  ADD COLUMN crm_blocked_since timestamptz,
  ADD COLUMN crm_blocked_reason text,
  -- Somebody looks at this moment whether the CRM takes our credentials again; nobody else does meanwhile.
  ADD COLUMN crm_probed_at timestamptz;
