-- Our ids of addresses that a waiting hint names for its record: a deny of the record counts there too until the hint is handled.
ALTER TABLE inbox ADD COLUMN address_ids bigint[] NOT NULL DEFAULT '{}';
