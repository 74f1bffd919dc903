-- What was learned about a CRM's times: whether its installation counts one per write, what an insert's version is, and how
-- its clock and eMarketeer's stand to ours. Apart from the connection, whose facts reopen its session when they change.
CREATE TABLE crm_times (
  connection_id       text PRIMARY KEY REFERENCES connections ON DELETE CASCADE,
  counting            text NOT NULL DEFAULT 'unknown' CHECK (counting IN ('unknown', 'proven', 'disproved')),
  -- Since when; null while unknown.
  counting_since      timestamptz,
  -- Records of our last updates in a row that were read back as anything but exactly ours.
  odd_record_ids      text[] NOT NULL DEFAULT '{}',
  -- After it was disproved: exact ones in a row.
  exact_in_a_row      integer NOT NULL DEFAULT 0,
  -- Versions that rows had which we had just inserted; more than one contradict each other and say nothing.
  first_versions      integer[] NOT NULL DEFAULT '{}',
  -- How far each clock is ahead of ours, as {fromMs, toMs, measuredAtMs, date}: by a write of ours, and by the Date header.
  crm_by_write        jsonb,
  crm_by_date         jsonb,
  emarketeer_by_write jsonb,
  emarketeer_by_date  jsonb,
  -- Our last write to eMarketeer, until the feed tells when it was recorded there: {changeId, sentAtMs, answeredAtMs}.
  emarketeer_probe    jsonb
);
GRANT SELECT, INSERT, UPDATE, DELETE ON crm_times TO lbsync_app;
