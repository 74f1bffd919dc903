-- A member is stored only in a run that is open, by a statement that holds the run's row (docs/ledger.md, "Closed runs"). The
-- foreign key asked for that row once more for each member, which took half of the time of storing an audience. What it did
-- besides, a trigger does: the members of a deleted run go with it.
ALTER TABLE sendout_members DROP CONSTRAINT sendout_members_sendout_run_id_fkey;

CREATE FUNCTION delete_members_of_run() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
  DELETE FROM sendout_members WHERE sendout_run_id = OLD.sendout_run_id;
  RETURN NULL;
END $$;
CREATE TRIGGER sendout_runs_with_members AFTER DELETE ON sendout_runs
  FOR EACH ROW EXECUTE FUNCTION delete_members_of_run();
