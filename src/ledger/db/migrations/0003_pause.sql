-- How a paused connection is paused: 'all', nothing is synced; 'loosening', opt-outs flow and the rest waits.
ALTER TABLE connections ADD COLUMN pause_mode text CHECK (pause_mode IN ('all', 'loosening'));
UPDATE connections SET pause_mode = 'all' WHERE state = 'paused';

-- A No that stood in the CRM only, when our tables there were removed: it must not be lost with them.
ALTER TABLE carried_denies DROP CONSTRAINT carried_denies_reason_check;
ALTER TABLE carried_denies ADD CONSTRAINT carried_denies_reason_check
  CHECK (reason IN ('merge', 'addressChange', 'removed'));
