select a.attrelid, a.attname, a.atttypid, a.atttypmod, a.attnotnull,
    coalesce(pg_get_expr(d.adbin, d.adrelid), pg_get_expr(t.typdefaultbin, 0)), a.attidentity::text, a.attgenerated::text, col_description(a.attrelid, a.attnum),
    -- Does the default ask who calls, or call a function that may?
    coalesce(
        -- As the database writes them, in capitals, and not within a text.
        regexp_replace(coalesce(pg_get_expr(d.adbin, d.adrelid), pg_get_expr(t.typdefaultbin, 0)), '''([^'']|'''')*''', '', 'g') ~ '\y(CURRENT_USER|CURRENT_ROLE|USER)\y'
        or coalesce(pg_get_expr(d.adbin, d.adrelid), pg_get_expr(t.typdefaultbin, 0)) ~* 'current_setting\s*\((?!''request\.)', false)
    or exists (
        select from pg_depend p join pg_proc f on f.oid = p.refobjid join pg_namespace n on n.oid = f.pronamespace
        where p.refclassid = 'pg_proc'::regclass
            and (p.classid = 'pg_attrdef'::regclass and p.objid = d.oid or d.oid is null and p.classid = 'pg_type'::regclass and p.objid = t.oid)
            and not (n.nspname = 'auth' and f.proname in ('uid', 'role', 'jwt', 'email'))
            and not exists (select from pg_depend e where e.classid = 'pg_proc'::regclass and e.objid = f.oid and e.deptype = 'e')
    )
from pg_attribute a left join pg_attrdef d on d.adrelid = a.attrelid and d.adnum = a.attnum
    left join pg_type t on t.oid = a.atttypid and t.typtype = 'd'
where a.attrelid = any ($1) and a.attnum > 0 and not a.attisdropped
order by a.attrelid, a.attnum
