-- CRMs that hold the legal basis itself, have several addresses a person, cannot refuse a stale write, and whose deltas
-- prove the rows only that they mention (docs/sync.md).

-- Further addresses of a CRM record: there it counts as a deny while withdrawn, never as an allow (C5).
CREATE TABLE crm_other_addresses (
  connection_id  text NOT NULL REFERENCES connections ON DELETE CASCADE,
  crm_contact_id text NOT NULL,
  address_id     bigint NOT NULL REFERENCES addresses,
  -- Per purpose, the version of the record's withdrawal that eMarketeer's state of this address has taken over.
  arrived        jsonb NOT NULL DEFAULT '{}',
  -- Per purpose, the version of eMarketeer's withdrawal at this address that the record has taken over.
  followed       jsonb NOT NULL DEFAULT '{}',
  PRIMARY KEY (connection_id, crm_contact_id, address_id)
);
CREATE INDEX crm_other_addresses_by_address ON crm_other_addresses (address_id);

-- The epoch in which a pass has last stored an observation of this record: what we wrote to one that no pass of this
-- epoch has observed may be forgotten.
ALTER TABLE crm_contacts ADD COLUMN observed_epoch integer NOT NULL DEFAULT 0;

-- The walk over all addresses, for CRMs whose deltas do not tell who has an address: where it stands, how many it has
-- done, when it began, and when the last one ended (null: none yet, so that it is walked at once).
ALTER TABLE connections
  ADD COLUMN crm_walk_after bigint,
  ADD COLUMN crm_walk_done integer NOT NULL DEFAULT 0,
  ADD COLUMN crm_walk_began_at timestamptz,
  ADD COLUMN crm_walked_at timestamptz,
  ADD COLUMN crm_clock_measured_at timestamptz;

-- A write that was applied, but what stands there now is not ours, or not only ours.
ALTER TABLE consent_event_outcomes DROP CONSTRAINT consent_event_outcomes_outcome_check;
ALTER TABLE consent_event_outcomes ADD CONSTRAINT consent_event_outcomes_outcome_check CHECK (outcome IN
  ('applied', 'overtaken', 'unchanged', 'conflict', 'gone', 'refused', 'unknown', 'notSent'));

GRANT SELECT, INSERT, UPDATE, DELETE ON crm_other_addresses TO lbsync_app;
