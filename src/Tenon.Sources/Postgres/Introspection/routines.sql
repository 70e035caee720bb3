select n.nspname, p.proname, p.proargnames, p.proargmodes::text[], coalesce(p.proallargtypes, p.proargtypes::oid[]), p.pronargs,
    p.pronargdefaults,
    (select array_agg(pg_get_function_arg_default(p.oid, i) order by i) from generate_series(1, cardinality(coalesce(p.proallargtypes, p.proargtypes::oid[]))) i),
    p.provariadic <> 0, p.prorettype, p.proretset, p.provolatile::text, p.prosecdef, p.proisstrict, l.lanname, p.prosrc,
    obj_description(p.oid, 'pg_proc'),
    (select array_agg(case when g.grantee = 0 then 'public' else pg_get_userbyid(g.grantee)::text end)
        from aclexplode(coalesce(p.proacl, acldefault('f', p.proowner))) g where g.privilege_type = 'EXECUTE'), p.proretset and p.prorows = 1
from pg_proc p join pg_namespace n on n.oid = p.pronamespace join pg_language l on l.oid = p.prolang
where p.prokind = 'f' and n.nspname !~ '^pg_' and n.nspname not in ('information_schema', 'tenon')
    and not exists (select from pg_depend d where d.classid = 'pg_proc'::regclass and d.objid = p.oid and d.deptype = 'e')
