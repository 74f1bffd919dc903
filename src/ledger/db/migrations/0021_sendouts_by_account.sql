-- A sendout id is an account's own: another account's runs of the same id neither hinder nor number it.
ALTER TABLE sendout_runs
  DROP CONSTRAINT sendout_runs_sendout_id_stage_run_key,
  ADD CONSTRAINT sendout_runs_of_account UNIQUE (sendout_id, stage, account_id, run);
