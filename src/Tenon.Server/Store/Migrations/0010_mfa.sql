-- Second factors of sign-in, their challenges, and recovery codes.

-- Secrets are sealed with the server's encryption key. A TOTP step is accepted once: last_used_step only grows (RFC 6238 §5.2).
create table auth.mfa_factors (
    id uuid primary key,
    user_id uuid not null references auth.users (id) on delete cascade,
    friendly_name text,
    factor_type text not null check (factor_type in ('totp', 'phone', 'webauthn', 'recovery_code')),
    status text not null check (status in ('unverified', 'verified')),
    sealed_secret text,
    phone text,
    last_used_step bigint,
    failures integer not null default 0,
    locked_until timestamptz,
    last_challenged_at timestamptz,
    created_at timestamptz not null,
    updated_at timestamptz not null
);

create index mfa_factors_user_id_idx on auth.mfa_factors (user_id, created_at);
create unique index mfa_factors_friendly_name_key on auth.mfa_factors (user_id, friendly_name) where friendly_name <> '';
create unique index mfa_factors_recovery_code_key on auth.mfa_factors (user_id) where factor_type = 'recovery_code';

create table auth.mfa_challenges (
    id uuid primary key,
    factor_id uuid not null references auth.mfa_factors (id) on delete cascade,
    ip_address text not null,
    created_at timestamptz not null,
    expires_at timestamptz not null
);

create index mfa_challenges_factor_id_idx on auth.mfa_challenges (factor_id);
create index mfa_challenges_expires_at_idx on auth.mfa_challenges (expires_at);

-- Only keyed hashes are kept; a used code's row is gone.
create table auth.mfa_recovery_codes (
    factor_id uuid not null references auth.mfa_factors (id) on delete cascade,
    code_hash text not null,
    primary key (factor_id, code_hash)
);
