-- What a person did is looked for when their data is given out or erased.
create index audit_log_entries_actor_id_idx on auth.audit_log_entries (actor_id, created_at);
