-- What set-up, disconnect and the tending of webhooks keep of a connection, in columns of their own: facts are the CRM folder's alone.
-- registered_webhooks: {publicUrl, webhookRef, installed, reason}.
ALTER TABLE connections ADD COLUMN registered_webhooks jsonb, ADD COLUMN removal_begun boolean NOT NULL DEFAULT false,
  ADD COLUMN setup_attempt text, ADD COLUMN setup_attempt_until timestamptz;

UPDATE connections SET registered_webhooks = jsonb_build_object(
    'publicUrl', regexp_replace(facts->'webhooks'->>'url', '/hooks/crm/[^/]*$', ''),
    'webhookRef', regexp_replace(facts->'webhooks'->>'url', '^.*/', ''),
    'installed', facts->'webhooks'->'installed', 'reason', facts->'webhooks'->'reason')
  WHERE facts->'webhooks'->>'url' IS NOT NULL;
UPDATE connections SET removal_begun = coalesce(facts->'removalBegun' = 'true', false), facts = facts - '{webhooks,removalBegun,setupAttempt}'::text[]
  WHERE facts ?| '{webhooks,removalBegun,setupAttempt}';
