-- A row that is updated often gets its new version in the same page, if there is room, and then no index gets an entry
-- (docs/ledger.md, "Room for updates"). Only pages that are filled from now on are affected, so this takes no time.
ALTER TABLE addresses SET (fillfactor = 50);
ALTER TABLE cells SET (fillfactor = 50);
ALTER TABLE crm_contacts SET (fillfactor = 50);
ALTER TABLE crm_subscriptions SET (fillfactor = 50);
