select n.nspname, p.proname, t.typname, p.prorettype, a.nspname, a.relname, false
from pg_proc p
    join pg_namespace n on n.oid = p.pronamespace
    join pg_type t on t.oid = p.prorettype
    join pg_type g on g.oid = p.proargtypes[0]
    left join (select c.reltype, s.nspname, c.relname from pg_class c join pg_namespace s on s.oid = c.relnamespace) a on a.reltype = g.oid
where p.prokind = 'a' and p.pronargs = 1 and t.typtype = 'd' and t.typname ~ '^[^/]+/[^/]+$'
    and (a.reltype is not null or g.typname = 'anyelement')
    and n.nspname !~ '^pg_' and n.nspname not in ('information_schema', 'tenon')
union all
select n.nspname, p.proname, 'application/geo+json', 'text'::regtype, null, null, true
from pg_proc p join pg_namespace n on n.oid = p.pronamespace
where p.prokind = 'f' and p.proname = 'st_asgeojson' and p.proargtypes[0] = 'record'::regtype
    and p.pronargs - p.pronargdefaults <= 1
    and n.nspname !~ '^pg_' and n.nspname <> 'information_schema'
