-- The epoch in which what has crossed here was seen on both ends. Of an older one it says nothing: a restore may have taken
-- the withdrawal away again, and versions come twice.
ALTER TABLE crm_other_addresses ADD COLUMN epoch integer NOT NULL DEFAULT 1;
UPDATE crm_other_addresses o SET epoch = c.epoch FROM connections c
  WHERE c.connection_id = o.connection_id AND c.epoch <> o.epoch;
