select t.oid, n.nspname, t.typname, t.typtype::text, case when t.typcategory = 'A' then t.typelem else 0::oid end, t.typbasetype,
    t.typtypmod, pg_catalog.format_type(t.oid, null),
    (select array_agg(e.enumlabel::text order by e.enumsortorder) from pg_enum e where e.enumtypid = t.oid),
    exists (select from pg_cast c where c.castsource = t.oid and c.casttarget = 'json'::regtype and c.castfunc <> 0)
from pg_type t join pg_namespace n on n.oid = t.typnamespace
