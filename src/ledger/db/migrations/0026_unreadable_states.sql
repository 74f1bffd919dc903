-- Addresses whose state in eMarketeer was asked for and cannot be read (it does not fit, or is too large), as long as they are
-- unread: counted in the status, where else nobody would see whom no sendout reaches.
ALTER TABLE addresses ADD COLUMN emarketeer_unreadable boolean NOT NULL DEFAULT false;
CREATE INDEX addresses_unreadable ON addresses (connection_id) WHERE emarketeer_unreadable;
