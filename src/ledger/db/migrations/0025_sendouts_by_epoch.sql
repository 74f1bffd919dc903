-- A sendout was decided by what its connection knew: once that is disabled and made anew, a deny made in between is not in it.
ALTER TABLE sendout_runs ADD COLUMN connection_epoch integer;
UPDATE sendout_runs r SET connection_epoch = c.epoch FROM connections c WHERE c.connection_id = r.connection_id;
UPDATE sendout_runs SET connection_epoch = 0 WHERE connection_epoch IS NULL;
ALTER TABLE sendout_runs ALTER COLUMN connection_epoch SET NOT NULL;
