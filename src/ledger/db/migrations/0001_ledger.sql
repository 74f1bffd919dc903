-- The ledger: people stay here; Temporal carries references only.
-- Forward only: never edit a migration that has run anywhere; add the next number.

-- Order without clocks: a tick is taken before and after each read of an outside system, so that two readings of
-- one record can be ordered, or be seen to overlap (docs/ledger.md, "Ticks").
CREATE SEQUENCE ledger_tick;

CREATE TABLE connections (
  connection_id           text PRIMARY KEY,
  account_id              text NOT NULL,
  -- 'none' marks an account without CRM, kept only so that a pre-send can decide on eMarketeer's state alone.
  crm                     text NOT NULL,
  state                   text NOT NULL CHECK (state IN ('settingUp', 'active', 'paused', 'disabled', 'implicit')),
  legal_basis_sync        boolean NOT NULL,
  subscription_sync       boolean NOT NULL,
  create_missing          text NOT NULL CHECK (create_missing IN ('none', 'emarketeer')),
  newly_mailable_limit    integer NOT NULL CHECK (newly_mailable_limit >= 0),
  subscription_rows_per_day integer NOT NULL CHECK (subscription_rows_per_day >= 0),
  -- The connection file as applied; secrets by environment name or sealed, never in the clear.
  config                  jsonb NOT NULL,
  -- What set-up learned about the CRM's installation; owned by the CRM's folder.
  facts                   jsonb NOT NULL DEFAULT '{}',
  -- Raised when the ledger is restored or the connection re-created: older observations prove nothing then.
  epoch                   integer NOT NULL DEFAULT 1,
  -- Unguessable part of the webhook addresses.
  webhook_ref             text NOT NULL UNIQUE,
  emarketeer_webhook_secret text,
  emarketeer_cursor       text,
  -- Who walks over all of eMarketeer right now: one at a time.
  emarketeer_load_token   uuid,
  emarketeer_load_expires_at timestamptz,
  emarketeer_proven_tick  bigint NOT NULL DEFAULT 0,
  emarketeer_proven_at    timestamptz,
  crm_cursor              text,
  crm_proven_tick         bigint NOT NULL DEFAULT 0,
  crm_proven_at           timestamptz,
  -- A shared gate: nobody calls the system before this moment (Retry-After, refused credentials).
  crm_blocked_until       timestamptz,
  crm_blocked_code        text,
  emarketeer_blocked_until timestamptz,
  emarketeer_blocked_code text,
  crm_clock_offset_ms     integer,
  created_at              timestamptz NOT NULL DEFAULT now(),
  updated_at              timestamptz NOT NULL DEFAULT now()
);
-- Rule A: one tenant has at most one active CRM.
CREATE UNIQUE INDEX one_active_crm_per_account ON connections (account_id)
  WHERE state IN ('settingUp', 'active', 'paused');
CREATE UNIQUE INDEX one_implicit_per_account ON connections (account_id) WHERE state = 'implicit';

CREATE TABLE categories (
  connection_id text NOT NULL REFERENCES connections ON DELETE CASCADE,
  category_id   text NOT NULL,
  name          text NOT NULL,
  archived      boolean NOT NULL,
  -- When the CRM was last brought to this name and state; null: not yet.
  in_crm_at     timestamptz,
  PRIMARY KEY (connection_id, category_id)
);

CREATE TABLE addresses (
  address_id        bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
  connection_id     text NOT NULL REFERENCES connections ON DELETE CASCADE,
  address           text NOT NULL,
  -- The lease: one pass at a time per address; the token only rises.
  lease_owner       uuid,
  lease_token       bigint NOT NULL DEFAULT 0,
  lease_expires_at  timestamptz,
  -- Work to do: set by whatever sees a change, cleared by the pass that loaded this very tick.
  dirty_tick        bigint,
  dirty_since       timestamptz,
  not_before        timestamptz,
  attempts          integer NOT NULL DEFAULT 0,
  -- True until eMarketeer's state of this address has been read (or learned by walking) since it was last unknown.
  emarketeer_unread boolean NOT NULL DEFAULT true,
  -- Tick at which our copy of eMarketeer's state of this address last changed.
  emarketeer_moved_tick bigint NOT NULL DEFAULT 0,
  -- Window of the last direct reading of every CRM record at this address.
  crm_read_from     bigint NOT NULL DEFAULT 0,
  crm_read_to       bigint NOT NULL DEFAULT 0,
  -- Readings that overlapped and differ, or a write of ours that told no version: unknown from this tick on, until a
  -- direct reading that began later.
  crm_doubtful_tick bigint,
  ever_linked       boolean NOT NULL DEFAULT false,
  -- Whether eMarketeer ever had a contact here: one that it deleted is not created again (rule E7).
  ever_in_emarketeer boolean NOT NULL DEFAULT false,
  -- When the last live CRM record left a linked address (rule G8).
  crm_ended_at      timestamptz,
  UNIQUE (connection_id, address)
) WITH (fillfactor = 60); -- leases and marks come and go: room for updates in place
CREATE INDEX addresses_dirty ON addresses (connection_id, dirty_tick) WHERE dirty_tick IS NOT NULL;

CREATE TABLE emarketeer_contacts (
  connection_id text NOT NULL REFERENCES connections ON DELETE CASCADE,
  contact_id    text NOT NULL,
  address_id    bigint REFERENCES addresses,
  -- Tick of the last reading that met this contact.
  read_tick     bigint NOT NULL DEFAULT 0,
  PRIMARY KEY (connection_id, contact_id)
);
CREATE INDEX emarketeer_contacts_by_address ON emarketeer_contacts (address_id);

CREATE TABLE crm_contacts (
  connection_id  text NOT NULL REFERENCES connections ON DELETE CASCADE,
  crm_contact_id text NOT NULL,
  address_id     bigint REFERENCES addresses,
  state          text NOT NULL CHECK (state IN ('live', 'deactivated', 'merged', 'deleted')),
  merged_into    text,
  registered_at_ms bigint,
  -- Per purpose: {value, version, lastWriter, stamp}.
  consents       jsonb NOT NULL,
  read_from      bigint NOT NULL,
  read_to        bigint NOT NULL,
  PRIMARY KEY (connection_id, crm_contact_id)
);
CREATE INDEX crm_contacts_by_address ON crm_contacts (address_id);

CREATE TABLE crm_subscriptions (
  connection_id  text NOT NULL REFERENCES connections ON DELETE CASCADE,
  row_id         text NOT NULL,
  crm_contact_id text NOT NULL,
  category_id    text,
  subscribed     boolean,
  version        text NOT NULL,
  is_foreign     boolean NOT NULL,
  read_from      bigint NOT NULL,
  read_to        bigint NOT NULL,
  PRIMARY KEY (connection_id, row_id)
);
CREATE INDEX crm_subscriptions_by_contact ON crm_subscriptions (connection_id, crm_contact_id);

-- What reconciliation stores per cell, beside our copy of eMarketeer's value.
CREATE TABLE cells (
  address_id            bigint NOT NULL REFERENCES addresses ON DELETE CASCADE,
  cell_key              text NOT NULL,
  emarketeer_basis      text NOT NULL,
  emarketeer_version    integer NOT NULL,
  emarketeer_event_at   timestamptz,
  emarketeer_recorded_at timestamptz,
  emarketeer_source     text,
  emarketeer_actor      text,
  last_positive_act_ms  bigint,
  last_deny_act_ms      bigint,
  seen                  jsonb,
  seen_at               timestamptz,
  open_allow            jsonb NOT NULL DEFAULT '{}',
  open_loosen           integer,
  PRIMARY KEY (address_id, cell_key)
) WITH (fillfactor = 80);

-- A deny that follows a person to another record or address (rule F5), until it is written there.
CREATE TABLE carried_denies (
  connection_id  text NOT NULL REFERENCES connections ON DELETE CASCADE,
  crm_contact_id text NOT NULL,
  cell_key       text NOT NULL,
  reason         text NOT NULL CHECK (reason IN ('merge', 'addressChange')),
  since          timestamptz NOT NULL DEFAULT now(),
  PRIMARY KEY (connection_id, crm_contact_id, cell_key)
);

CREATE TABLE sync_runs (
  run_id        uuid PRIMARY KEY,
  connection_id text NOT NULL REFERENCES connections ON DELETE CASCADE,
  tier          text NOT NULL,
  workflow_id   text NOT NULL,
  started_at    timestamptz NOT NULL DEFAULT now(),
  -- Of its last pass: a run that is silent for long is taken for dead.
  last_seen_at  timestamptz NOT NULL DEFAULT clock_timestamp(),
  ended_at      timestamptz,
  -- Addresses made mailable so far: the limit counts them over the whole run (rule F4).
  released      integer NOT NULL DEFAULT 0
);

-- Loosenings that wait: for the end of their run, or for one approval (rule F4).
CREATE TABLE loosenings (
  address_id   bigint NOT NULL REFERENCES addresses ON DELETE CASCADE,
  cell_key     text NOT NULL,
  connection_id text NOT NULL REFERENCES connections ON DELETE CASCADE,
  run_id       uuid NOT NULL,
  line         text NOT NULL,
  state        text NOT NULL CHECK (state IN ('staged', 'held', 'approved', 'rejected')),
  since        timestamptz NOT NULL DEFAULT now(),
  PRIMARY KEY (address_id, cell_key)
);
CREATE INDEX loosenings_by_run ON loosenings (run_id);
CREATE INDEX loosenings_by_connection ON loosenings (connection_id, state);

CREATE TABLE daily_row_usage (
  connection_id text NOT NULL REFERENCES connections ON DELETE CASCADE,
  day           date NOT NULL,
  rows_written  integer NOT NULL,
  PRIMARY KEY (connection_id, day)
);

CREATE TABLE inbox (
  inbox_id       bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
  connection_id  text NOT NULL REFERENCES connections ON DELETE CASCADE,
  source         text NOT NULL CHECK (source IN ('crm', 'emarketeer')),
  shard          smallint NOT NULL,
  entity         text NOT NULL,
  entity_id      text NOT NULL,
  crm_contact_id text,
  actor_user_id  text,
  says_deny      boolean NOT NULL,
  event_id       text NOT NULL,
  received_at    timestamptz NOT NULL DEFAULT clock_timestamp(),
  received_tick  bigint NOT NULL DEFAULT nextval('ledger_tick'),
  not_before     timestamptz NOT NULL DEFAULT clock_timestamp(),
  handled_at     timestamptz,
  attempts       integer NOT NULL DEFAULT 0,
  UNIQUE (connection_id, source, event_id)
);
CREATE INDEX inbox_waiting ON inbox (connection_id, shard, not_before) WHERE handled_at IS NULL;
CREATE INDEX inbox_by_contact ON inbox (connection_id, crm_contact_id);

-- Evidence. Append-only: the application's role may insert and read, and a trigger refuses everybody else too.
CREATE TABLE consent_events (
  event_id        uuid PRIMARY KEY,
  sequence        bigint GENERATED ALWAYS AS IDENTITY,
  connection_id   text NOT NULL,
  address_id      bigint NOT NULL,
  cell_key        text NOT NULL,
  line            text NOT NULL,
  inputs          jsonb NOT NULL,
  ambiguous       boolean NOT NULL,
  moved_side      text NOT NULL CHECK (moved_side IN ('emarketeer', 'crm', 'both', 'none')),
  emarketeer_old  text NOT NULL,
  emarketeer_new  text NOT NULL,
  crm_old         text NOT NULL,
  crm_new         text NOT NULL,
  -- Who and when, as the source told it; the range in which the act must have happened.
  actor_type      text,
  actor_id        text,
  acted_from      timestamptz,
  acted_to        timestamptz,
  evidence        text,
  replaced_basis  text,
  tier            text NOT NULL,
  workflow_id     text NOT NULL,
  run_id          uuid NOT NULL,
  recorded_at     timestamptz NOT NULL DEFAULT clock_timestamp()
);
CREATE INDEX consent_events_by_cell ON consent_events (connection_id, address_id, sequence);

-- What became of the writes of a decision: known only after the call.
CREATE TABLE consent_event_outcomes (
  event_id    uuid NOT NULL REFERENCES consent_events,
  side        text NOT NULL CHECK (side IN ('emarketeer', 'crm')),
  record_id   text NOT NULL,
  outcome     text NOT NULL CHECK (outcome IN ('applied', 'unchanged', 'conflict', 'gone', 'refused', 'unknown', 'notSent')),
  version     text,
  recorded_at timestamptz NOT NULL DEFAULT clock_timestamp()
);
CREATE INDEX consent_event_outcomes_by_event ON consent_event_outcomes (event_id);

CREATE TABLE overrides (
  override_id   uuid PRIMARY KEY,
  connection_id text NOT NULL,
  subject       text NOT NULL,
  action        text NOT NULL,
  reason        text NOT NULL,
  by_whom       text NOT NULL,
  detail        jsonb NOT NULL DEFAULT '{}',
  recorded_at   timestamptz NOT NULL DEFAULT clock_timestamp()
);

CREATE TABLE sendout_runs (
  sendout_run_id uuid PRIMARY KEY,
  sendout_id    text NOT NULL,
  stage         text NOT NULL CHECK (stage IN ('checklist', 'send')),
  run           integer NOT NULL,
  account_id    text NOT NULL,
  connection_id text NOT NULL REFERENCES connections,
  crm           text NOT NULL,
  workflow_id   text NOT NULL,
  -- Named by the request, or learned from the audience when it is fixed.
  channel       text,
  category_id   text,
  transactional boolean,
  audience_id   text,
  targeted      integer NOT NULL DEFAULT 0,
  -- Taken when the sendout asked: whatever was read or proven later counts as verified.
  asked_tick    bigint,
  asked_at      timestamptz,
  deadline      timestamptz NOT NULL,
  outcome       text,
  result        jsonb,
  -- What was checked when in which system, what was dropped and why (rule G6).
  receipt       jsonb,
  decided_at    timestamptz,
  created_at    timestamptz NOT NULL DEFAULT now(),
  UNIQUE (sendout_id, stage, run)
);

CREATE TABLE sendout_members (
  sendout_run_id uuid NOT NULL REFERENCES sendout_runs ON DELETE CASCADE,
  position      integer NOT NULL,
  contact_id    text NOT NULL,
  email         text,
  mobile        text,
  address_id    bigint,
  -- null: not decided; 'eligible', or an exclusion reason.
  verdict       text,
  PRIMARY KEY (sendout_run_id, position)
);

CREATE FUNCTION refuse_change() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
  RAISE EXCEPTION 'append-only: % on % is refused', TG_OP, TG_TABLE_NAME USING ERRCODE = 'insufficient_privilege';
END $$;
CREATE TRIGGER consent_events_append_only BEFORE UPDATE OR DELETE OR TRUNCATE ON consent_events
  FOR EACH STATEMENT EXECUTE FUNCTION refuse_change();
CREATE TRIGGER consent_event_outcomes_append_only BEFORE UPDATE OR DELETE OR TRUNCATE ON consent_event_outcomes
  FOR EACH STATEMENT EXECUTE FUNCTION refuse_change();
CREATE TRIGGER overrides_append_only BEFORE UPDATE OR DELETE OR TRUNCATE ON overrides
  FOR EACH STATEMENT EXECUTE FUNCTION refuse_change();

-- The role under which the application works (each connection does SET ROLE). Shared by a cluster's databases.
DO $$
BEGIN
  IF NOT EXISTS (SELECT FROM pg_roles WHERE rolname = 'lbsync_app') THEN
    CREATE ROLE lbsync_app NOLOGIN;
  END IF;
EXCEPTION WHEN duplicate_object OR unique_violation THEN NULL;
END $$;
DO $$ BEGIN EXECUTE format('GRANT lbsync_app TO %I', current_user); END $$;
DO $$ BEGIN EXECUTE format('GRANT USAGE ON SCHEMA %I TO lbsync_app', current_schema()); END $$;
GRANT SELECT, INSERT, UPDATE, DELETE ON
  connections, categories, addresses, emarketeer_contacts, crm_contacts, crm_subscriptions, cells, carried_denies,
  sync_runs, loosenings, daily_row_usage, inbox, sendout_runs, sendout_members
  TO lbsync_app;
GRANT SELECT, INSERT ON consent_events, consent_event_outcomes, overrides TO lbsync_app;
GRANT USAGE, SELECT ON ALL SEQUENCES IN SCHEMA public TO lbsync_app;
