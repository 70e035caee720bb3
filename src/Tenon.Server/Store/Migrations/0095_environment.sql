-- What an administrator set over the files of a server (tenon env apply): settings of sign-in and mail templates.
create table auth.overrides (
    kind text not null check (kind in ('setting', 'template')),
    name text not null,
    value text not null,
    updated_at timestamptz not null,
    primary key (kind, name)
);

-- Each change takes the next number, so that of two that were planned on the same state one is refused.
create table auth.environment_changes (
    revision bigint primary key,
    access jsonb not null,
    changed_at timestamptz not null
);
