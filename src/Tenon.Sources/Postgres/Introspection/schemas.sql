select nspname, null::text, null::text from pg_namespace where nspname !~ '^pg_' and nspname not in ('information_schema', 'tenon')
union all
select null, rolname, null from pg_roles where rolname !~ '^pg_'
