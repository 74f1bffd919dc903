-- How many addresses a round of the walk over all of them has, counted when it begins.
ALTER TABLE connections ADD COLUMN crm_walk_total bigint;
