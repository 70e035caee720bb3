-- Keys that users make of their own (sb_user_…). Only hashes are kept. A user has as many as there are places.
create table auth.user_keys (
    id uuid primary key,
    user_id uuid not null references auth.users (id) on delete cascade,
    place bigint not null check (place >= 1 and place <= 20),
    name text not null,
    prefix text not null,
    key_hash text not null unique,
    scopes jsonb not null,
    rate_limit bigint not null,
    expires_at timestamptz not null,
    last_used_at timestamptz,
    created_at timestamptz not null,
    constraint user_keys_place_key unique (user_id, place),
    constraint user_keys_name_key unique (user_id, name)
);
