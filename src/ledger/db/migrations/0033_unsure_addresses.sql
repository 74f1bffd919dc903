-- Addresses whose state must be read before a decision. Few are at a time: a sendout begins with them, and does not look for
-- them among all its members.
CREATE INDEX addresses_unsure ON addresses (connection_id) WHERE emarketeer_unread OR crm_doubtful_tick IS NOT NULL;
