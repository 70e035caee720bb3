-- Codes and links that work once, the mails and text messages that carry them, and the state of PKCE flows.

-- Neither code nor link nor address is kept: only keyed hashes, whose key the database does not have. A row without a user
-- is what an unknown address leaves behind, so that asking for one costs what asking for a known one costs.
create table auth.one_time_tokens (
    id uuid primary key,
    user_id uuid references auth.users (id) on delete cascade,
    token_type text not null check (token_type in ('confirmation_token', 'recovery_token', 'reauthentication_token',
        'email_change_token_new', 'email_change_token_current', 'sms_token', 'phone_change_token')),
    token_hash text not null unique,
    code_hash text not null,
    relates_to text not null,
    attempts integer not null default 0,
    code_challenge text,
    code_challenge_method text,
    created_at timestamptz not null,
    expires_at timestamptz not null,
    constraint one_time_tokens_relates_to_key unique (token_type, relates_to)
);

create index one_time_tokens_user_id_idx on auth.one_time_tokens (user_id);
create index one_time_tokens_expires_at_idx on auth.one_time_tokens (expires_at);

-- Messages waiting to be sent. The text is sealed with the server's encryption key, for it holds live codes.
create table auth.outbox (
    id uuid primary key,
    channel text not null check (channel in ('email', 'sms')),
    kind text not null,
    recipient text not null,
    sealed_message text not null,
    state text not null check (state in ('waiting', 'inbox', 'failed')),
    attempts integer not null default 0,
    due_at timestamptz not null,
    expires_at timestamptz not null,
    created_at timestamptz not null,
    last_error text
);

create index outbox_due_at_idx on auth.outbox (state, due_at);

-- A PKCE flow from the moment its code was given out.
create table auth.flow_state (
    id uuid primary key,
    user_id uuid references auth.users (id) on delete cascade,
    auth_code_hash text not null unique,
    code_challenge text not null,
    code_challenge_method text not null,
    provider_type text not null,
    authentication_method text not null,
    created_at timestamptz not null,
    expires_at timestamptz not null,
    used_at timestamptz
);

create index flow_state_expires_at_idx on auth.flow_state (expires_at);
create index flow_state_user_id_idx on auth.flow_state (user_id);
