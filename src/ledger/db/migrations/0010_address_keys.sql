-- Addresses are kept by a key that leaves out what never tells two people apart (docs/rules.md, "Addresses"). Which way
-- of making it this ledger's addresses were kept by: `lbsync migrate` refuses one that holds addresses by another.
CREATE TABLE address_key_version (
  only_row boolean PRIMARY KEY DEFAULT true CHECK (only_row),
  version  integer NOT NULL
);
GRANT SELECT ON address_key_version TO lbsync_app;

-- How eMarketeer compares a contact's address, where that is not the text of its row in `addresses`; null: the same.
-- Such a contact is asked for by its id. Contacts of one row with different spellings have states of their own there:
-- nothing crosses at such an address, and each deny counts.
ALTER TABLE emarketeer_contacts ADD COLUMN spelling text;
CREATE INDEX emarketeer_contacts_spelled ON emarketeer_contacts (address_id) WHERE spelling IS NOT NULL;

-- A text in eMarketeer's address field that is no single address is a row of `addresses` without key: it links nobody.
-- The addresses found in it, for each of which its denies count.
CREATE TABLE address_mentions (
  address_id           bigint NOT NULL REFERENCES addresses ON DELETE CASCADE,
  mentioned_address_id bigint NOT NULL REFERENCES addresses ON DELETE CASCADE,
  PRIMARY KEY (mentioned_address_id, address_id)
);
GRANT SELECT, INSERT, UPDATE, DELETE ON address_mentions TO lbsync_app;

-- Whether a CRM record holds something for its address that links nobody.
ALTER TABLE crm_contacts ADD COLUMN unusable_address boolean NOT NULL DEFAULT false;
CREATE INDEX crm_contacts_unusable ON crm_contacts (connection_id) WHERE unusable_address;

-- At this further address the record's denies count at the send gate, and nothing else: nothing crosses.
ALTER TABLE crm_other_addresses ADD COLUMN deny_only boolean NOT NULL DEFAULT false;
