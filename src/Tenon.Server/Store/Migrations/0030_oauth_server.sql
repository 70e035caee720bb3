-- The identity provider: systems that sign their users in here, what users allowed them, and the tokens they hold.

-- Only a hash of a client's secret is kept; secrets are 256 random bits.
create table auth.oauth_clients (
    id uuid primary key,
    secret_hash text,
    client_type text not null check (client_type in ('public', 'confidential')),
    auth_method text not null check (auth_method in ('none', 'client_secret_basic', 'client_secret_post')),
    registration_type text not null check (registration_type in ('manual', 'dynamic')),
    name text not null,
    uri text,
    logo_uri text,
    redirect_uris jsonb not null,
    post_logout_redirect_uris jsonb not null,
    grant_types jsonb not null,
    scope text,
    created_at timestamptz not null,
    updated_at timestamptz not null
);

create index oauth_clients_created_at_idx on auth.oauth_clients (created_at, id);

-- What a user allowed a client, asked once.
create table auth.oauth_consents (
    user_id uuid not null references auth.users (id) on delete cascade,
    client_id uuid not null references auth.oauth_clients (id) on delete cascade,
    scopes jsonb not null,
    granted_at timestamptz not null,
    primary key (user_id, client_id)
);

create index oauth_consents_client_id_idx on auth.oauth_consents (client_id);

-- A request on its way through the sign-in and consent pages. user_id is set when somebody is signed in for it.
create table auth.oauth_requests (
    id text primary key,
    kind text not null check (kind in ('authorize', 'device')),
    client_id uuid not null references auth.oauth_clients (id) on delete cascade,
    parameters text not null,
    redirect_uri text not null,
    scope text not null,
    login_hint text,
    asks_sign_in boolean not null,
    asks_consent boolean not null,
    user_id uuid references auth.users (id) on delete cascade,
    status text not null check (status in ('pending', 'decided')),
    created_at timestamptz not null,
    expires_at timestamptz not null
);

create index oauth_requests_expires_at_idx on auth.oauth_requests (expires_at);
create index oauth_requests_client_id_idx on auth.oauth_requests (client_id);
create index oauth_requests_user_id_idx on auth.oauth_requests (user_id);

-- One approval that led to tokens. The session its first redemption opens has the same id.
create table auth.oauth_authorizations (
    id uuid primary key,
    client_id uuid references auth.oauth_clients (id) on delete cascade,
    subject text,
    type text,
    status text,
    scopes jsonb not null,
    created_at timestamptz,
    concurrency uuid not null
);

create index oauth_authorizations_client_id_idx on auth.oauth_authorizations (client_id);
create index oauth_authorizations_subject_idx on auth.oauth_authorizations (subject, client_id);
create index oauth_authorizations_created_at_idx on auth.oauth_authorizations (created_at);

-- Codes and tokens. The payload is encrypted with a key the database does not have; of a code only a hash is kept.
create table auth.oauth_tokens (
    id uuid primary key,
    client_id uuid references auth.oauth_clients (id) on delete cascade,
    authorization_id uuid references auth.oauth_authorizations (id) on delete cascade,
    subject text,
    type text,
    status text,
    reference_id text unique,
    payload text,
    failures bigint not null default 0,
    created_at timestamptz,
    expires_at timestamptz,
    redeemed_at timestamptz,
    concurrency uuid not null
);

create index oauth_tokens_client_id_idx on auth.oauth_tokens (client_id);
create index oauth_tokens_authorization_id_idx on auth.oauth_tokens (authorization_id);
create index oauth_tokens_subject_idx on auth.oauth_tokens (subject);
create index oauth_tokens_expires_at_idx on auth.oauth_tokens (expires_at);

-- A session that a client holds for a user, rather than the user themselves.
alter table auth.sessions add column oauth_client_id uuid references auth.oauth_clients (id) on delete cascade;
create index sessions_oauth_client_id_idx on auth.sessions (oauth_client_id);
