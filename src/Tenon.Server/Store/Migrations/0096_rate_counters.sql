-- Limits that all servers on one database count together: failed passwords of an account, messages to an address, shown codes.
-- The key is a keyed hash; full_at is when all permits are there again, in microseconds (the virtual scheduling of GCRA).
create table auth.rate_counters (
    key text primary key,
    full_at bigint not null
);

create index rate_counters_full_at_idx on auth.rate_counters (full_at);
