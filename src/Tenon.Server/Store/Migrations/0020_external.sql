-- Sign-in by external issuers: flows on their way, providers made at run time.

-- One row from /authorize to /callback. Only hashes of the state and of the browser's cookie are kept; the nonce and the
-- PKCE verifier towards the issuer are sealed with the server's encryption key.
create table auth.external_flows (
    id uuid primary key,
    state_hash text not null unique,
    provider text not null,
    sealed_secrets text not null,
    browser_hash text,
    redirect_to text not null,
    code_challenge text,
    code_challenge_method text,
    link_user_id uuid references auth.users (id) on delete cascade,
    created_at timestamptz not null,
    expires_at timestamptz not null
);

create index external_flows_expires_at_idx on auth.external_flows (expires_at);
create index external_flows_link_user_id_idx on auth.external_flows (link_user_id);

-- The issuer's tokens, sealed, between the callback and the exchange of the application's PKCE code.
alter table auth.flow_state add column sealed_provider_tokens text;

create table auth.custom_providers (
    id uuid primary key,
    identifier text not null unique,
    provider_type text not null check (provider_type in ('oidc', 'oauth2')),
    name text not null,
    client_id text not null,
    sealed_secret text not null,
    settings jsonb not null,
    enabled boolean not null,
    created_at timestamptz not null,
    updated_at timestamptz not null
);
