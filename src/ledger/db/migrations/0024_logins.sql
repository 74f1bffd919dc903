-- Processes sign in by logins that are members of lbsync_app and own nothing (docs/securing.md). Whoever may create objects in
-- the schema could put a function in the way of the owner, who looks for names here. New databases are so since PostgreSQL 15.
DO $$ BEGIN EXECUTE format('REVOKE CREATE ON SCHEMA %I FROM PUBLIC', current_schema()); END $$;
-- For `lbsync doctor`: which release the database is of.
GRANT SELECT ON schema_migrations TO lbsync_app;
