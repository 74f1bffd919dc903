-- Whether the CRM did not tell a record's primary address (a missing property, no null): nobody knows whose answer it holds,
-- so no sendout is complete while such a record is live (rule B8).
ALTER TABLE crm_contacts ADD COLUMN address_untold boolean NOT NULL DEFAULT false;
CREATE INDEX crm_contacts_address_untold ON crm_contacts (connection_id) WHERE address_untold;
