-- Work in place of work: where a call is answered as if an address were another one, what would have been written to that
-- one's user is written here, so that the time of the answer tells nothing. The columns are those of auth.users, for their
-- cost; no row says anything of anybody.
create table auth.decoys (
    id uuid primary key,
    aud varchar(255) default 'authenticated',
    role varchar(255) default 'authenticated',
    email varchar(255),
    encrypted_password varchar(255),
    email_confirmed_at timestamptz,
    invited_at timestamptz,
    confirmation_token varchar(255) default '',
    confirmation_sent_at timestamptz,
    recovery_token varchar(255) default '',
    recovery_sent_at timestamptz,
    email_change_token_new varchar(255) default '',
    email_change_token_current varchar(255) default '',
    email_change varchar(255) default '',
    email_change_sent_at timestamptz,
    email_change_confirm_status smallint default 0 check (email_change_confirm_status >= 0 and email_change_confirm_status <= 2),
    last_sign_in_at timestamptz,
    raw_app_meta_data jsonb default '{}',
    raw_user_meta_data jsonb default '{}',
    created_at timestamptz default now(),
    updated_at timestamptz default now(),
    phone text unique,
    phone_confirmed_at timestamptz,
    phone_change text default '',
    phone_change_token varchar(255) default '',
    phone_change_sent_at timestamptz,
    confirmed_at timestamptz generated always as (least(email_confirmed_at, phone_confirmed_at)) stored,
    banned_until timestamptz,
    reauthentication_token varchar(255) default '',
    reauthentication_sent_at timestamptz,
    is_sso_user boolean not null default false,
    deleted_at timestamptz,
    is_anonymous boolean not null default false
);

create unique index decoys_email_key on auth.decoys (email) where is_sso_user = false;
create index decoys_created_at_idx on auth.decoys (created_at, id);

-- Written to in place of a user's row; several, so that two requests at once rarely meet.
insert into auth.decoys (id, email, encrypted_password, email_confirmed_at, raw_app_meta_data, raw_user_meta_data, created_at, updated_at) values
    ('00000000-0000-4000-8000-000000000000', 'decoy-00', 'xxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxx', '2000-01-01T00:00:00Z', '{"provider": "email", "providers": ["email"]}', '{}', '2000-01-01T00:00:00Z', '2000-01-01T00:00:00Z'),
    ('00000000-0000-4000-8000-000000000001', 'decoy-01', 'xxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxx', '2000-01-01T00:00:00Z', '{"provider": "email", "providers": ["email"]}', '{}', '2000-01-01T00:00:00Z', '2000-01-01T00:00:00Z'),
    ('00000000-0000-4000-8000-000000000002', 'decoy-02', 'xxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxx', '2000-01-01T00:00:00Z', '{"provider": "email", "providers": ["email"]}', '{}', '2000-01-01T00:00:00Z', '2000-01-01T00:00:00Z'),
    ('00000000-0000-4000-8000-000000000003', 'decoy-03', 'xxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxx', '2000-01-01T00:00:00Z', '{"provider": "email", "providers": ["email"]}', '{}', '2000-01-01T00:00:00Z', '2000-01-01T00:00:00Z'),
    ('00000000-0000-4000-8000-000000000004', 'decoy-04', 'xxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxx', '2000-01-01T00:00:00Z', '{"provider": "email", "providers": ["email"]}', '{}', '2000-01-01T00:00:00Z', '2000-01-01T00:00:00Z'),
    ('00000000-0000-4000-8000-000000000005', 'decoy-05', 'xxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxx', '2000-01-01T00:00:00Z', '{"provider": "email", "providers": ["email"]}', '{}', '2000-01-01T00:00:00Z', '2000-01-01T00:00:00Z'),
    ('00000000-0000-4000-8000-000000000006', 'decoy-06', 'xxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxx', '2000-01-01T00:00:00Z', '{"provider": "email", "providers": ["email"]}', '{}', '2000-01-01T00:00:00Z', '2000-01-01T00:00:00Z'),
    ('00000000-0000-4000-8000-000000000007', 'decoy-07', 'xxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxx', '2000-01-01T00:00:00Z', '{"provider": "email", "providers": ["email"]}', '{}', '2000-01-01T00:00:00Z', '2000-01-01T00:00:00Z'),
    ('00000000-0000-4000-8000-000000000008', 'decoy-08', 'xxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxx', '2000-01-01T00:00:00Z', '{"provider": "email", "providers": ["email"]}', '{}', '2000-01-01T00:00:00Z', '2000-01-01T00:00:00Z'),
    ('00000000-0000-4000-8000-000000000009', 'decoy-09', 'xxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxx', '2000-01-01T00:00:00Z', '{"provider": "email", "providers": ["email"]}', '{}', '2000-01-01T00:00:00Z', '2000-01-01T00:00:00Z'),
    ('00000000-0000-4000-8000-00000000000a', 'decoy-10', 'xxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxx', '2000-01-01T00:00:00Z', '{"provider": "email", "providers": ["email"]}', '{}', '2000-01-01T00:00:00Z', '2000-01-01T00:00:00Z'),
    ('00000000-0000-4000-8000-00000000000b', 'decoy-11', 'xxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxx', '2000-01-01T00:00:00Z', '{"provider": "email", "providers": ["email"]}', '{}', '2000-01-01T00:00:00Z', '2000-01-01T00:00:00Z'),
    ('00000000-0000-4000-8000-00000000000c', 'decoy-12', 'xxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxx', '2000-01-01T00:00:00Z', '{"provider": "email", "providers": ["email"]}', '{}', '2000-01-01T00:00:00Z', '2000-01-01T00:00:00Z'),
    ('00000000-0000-4000-8000-00000000000d', 'decoy-13', 'xxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxx', '2000-01-01T00:00:00Z', '{"provider": "email", "providers": ["email"]}', '{}', '2000-01-01T00:00:00Z', '2000-01-01T00:00:00Z'),
    ('00000000-0000-4000-8000-00000000000e', 'decoy-14', 'xxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxx', '2000-01-01T00:00:00Z', '{"provider": "email", "providers": ["email"]}', '{}', '2000-01-01T00:00:00Z', '2000-01-01T00:00:00Z'),
    ('00000000-0000-4000-8000-00000000000f', 'decoy-15', 'xxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxx', '2000-01-01T00:00:00Z', '{"provider": "email", "providers": ["email"]}', '{}', '2000-01-01T00:00:00Z', '2000-01-01T00:00:00Z');
