-- What each attempt of a sendout's work has spent, told while it goes on: one that is cut off, tried again or killed has spent
-- it too, and the result says so (G3).
CREATE TABLE sendout_spent (
  sendout_run_id uuid NOT NULL REFERENCES sendout_runs ON DELETE CASCADE,
  attempt_id     uuid NOT NULL,
  emarketeer_requests integer NOT NULL,
  crm_requests        integer NOT NULL,
  emarketeer_writes   integer NOT NULL,
  crm_writes          integer NOT NULL,
  PRIMARY KEY (sendout_run_id, attempt_id)
);
GRANT SELECT, INSERT, UPDATE, DELETE ON sendout_spent TO lbsync_app;
