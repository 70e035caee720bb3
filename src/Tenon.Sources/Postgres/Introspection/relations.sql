select c.oid, n.nspname, c.relname, c.relkind::text, c.relrowsecurity, c.relforcerowsecurity, obj_description(c.oid, 'pg_class'),
    case when c.relkind in ('v', 'm') then pg_get_viewdef(c.oid) end,
    coalesce('security_invoker=true' = any (c.reloptions) or 'security_invoker=on' = any (c.reloptions), false),
    -- Row security would hold for our own user too.
    c.relrowsecurity and (c.relforcerowsecurity or not pg_has_role(c.relowner, 'usage'))
        and not exists (select from pg_roles where rolname = current_user and (rolsuper or rolbypassrls)),
    case when c.relkind in ('v', 'm') then pg_relation_is_updatable(c.oid, true) end,
    -- What our own user may not do: select 1, insert 2, update 4, delete 8.
    case when has_table_privilege(c.oid, 'select') then 0 else 1 end + case when has_table_privilege(c.oid, 'insert') then 0 else 2 end
        + case when has_table_privilege(c.oid, 'update') then 0 else 4 end + case when has_table_privilege(c.oid, 'delete') then 0 else 8 end,
    -- Does a check constraint, the table's or a domain's of its columns, ask who calls, or call a function that may?
    exists (
        select from pg_constraint k
        where k.contype = 'c' and (k.conrelid = c.oid or k.contypid in (select a.atttypid from pg_attribute a where a.attrelid = c.oid and a.attnum > 0)) and (
            regexp_replace(pg_get_constraintdef(k.oid), '''([^'']|'''')*''', '', 'g') ~ '\y(CURRENT_USER|CURRENT_ROLE|USER)\y'
            or pg_get_constraintdef(k.oid) ~* 'current_setting\s*\((?!''request\.)'
            or exists (
                select from pg_depend p join pg_proc f on f.oid = p.refobjid join pg_namespace o on o.oid = f.pronamespace
                where p.classid = 'pg_constraint'::regclass and p.objid = k.oid and p.refclassid = 'pg_proc'::regclass and f.provolatile <> 'i'
                    and not (o.nspname = 'auth' and f.proname in ('uid', 'role', 'jwt', 'email'))
                    and not exists (select from pg_depend e where e.classid = 'pg_proc'::regclass and e.objid = f.oid and e.deptype = 'e')
            )
        )
    )
from pg_class c join pg_namespace n on n.oid = c.relnamespace
where c.relkind in ('r', 'p', 'v', 'm', 'f') and not c.relispartition
    and n.nspname !~ '^pg_' and n.nspname not in ('information_schema', 'tenon')
    and not exists (select from pg_depend d where d.classid = 'pg_class'::regclass and d.objid = c.oid and d.deptype = 'e')
