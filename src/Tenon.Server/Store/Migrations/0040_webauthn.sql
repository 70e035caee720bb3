-- Keys that prove themselves by WebAuthn: passkeys, and security keys as a second factor; and what second factors are asked.

-- One row per credential. factor_id null: a passkey; else the second factor that this is the key of. Only public keys are kept.
-- aal is what the session that added it had proven: it decides what a sign-in with it proves (docs/guides/passkeys.md).
create table auth.webauthn_credentials (
    id uuid primary key,
    user_id uuid not null references auth.users (id) on delete cascade,
    factor_id uuid references auth.mfa_factors (id) on delete cascade,
    credential_id text not null,
    public_key text not null,
    sign_count bigint not null,
    transports jsonb not null,
    backup_eligible boolean not null,
    backed_up boolean not null,
    friendly_name text not null,
    aal text not null check (aal in ('aal1', 'aal2')),
    created_at timestamptz not null,
    updated_at timestamptz not null,
    last_used_at timestamptz
);

create unique index webauthn_credentials_credential_id_key on auth.webauthn_credentials (credential_id);
create unique index webauthn_credentials_factor_id_key on auth.webauthn_credentials (factor_id) where factor_id is not null;
create index webauthn_credentials_user_id_idx on auth.webauthn_credentials (user_id, created_at);

-- What a browser was asked; deleted by its answer, whatever it was. Without user_id: a sign-in, where nobody is known yet.
create table auth.webauthn_challenges (
    id uuid primary key,
    user_id uuid references auth.users (id) on delete cascade,
    session_id uuid references auth.sessions (id) on delete cascade,
    challenge_type text not null check (challenge_type in ('registration', 'authentication')),
    state text not null,
    created_at timestamptz not null,
    expires_at timestamptz not null
);

create index webauthn_challenges_expires_at_idx on auth.webauthn_challenges (expires_at);
create index webauthn_challenges_user_id_idx on auth.webauthn_challenges (user_id);
create index webauthn_challenges_session_id_idx on auth.webauthn_challenges (session_id);

-- A second factor is asked within one session. state: what a security key was asked; code_hash: what was sent to a telephone.
alter table auth.mfa_challenges add column session_id uuid;
alter table auth.mfa_challenges add column state text;
alter table auth.mfa_challenges add column code_hash text;
alter table auth.mfa_challenges add column guesses integer not null default 0;
