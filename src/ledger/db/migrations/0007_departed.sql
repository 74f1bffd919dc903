-- Records leave their address at any moment, also while a pass looks at it. So what a pass must know of that is kept apart
-- from what passes store: denies of records that have left since the last observation, and how often one was noted.
ALTER TABLE cells
  ADD COLUMN departed jsonb NOT NULL DEFAULT '[]',
  ADD COLUMN departures integer NOT NULL DEFAULT 0;

-- What a record took along from the cell that it left, until a pass has observed it again: what was seen of it there, and
-- the guard of an Allow of ours that may still land. Contacts: by purpose.
ALTER TABLE crm_contacts ADD COLUMN left_with jsonb;
ALTER TABLE crm_subscriptions ADD COLUMN left_with jsonb;
