select c.oid, n.nspname, c.relname, c.relkind::text, c.relrowsecurity, c.relforcerowsecurity, obj_description(c.oid, 'pg_class'),
    case when c.relkind in ('v', 'm') then pg_get_viewdef(c.oid) end,
    coalesce('security_invoker=true' = any (c.reloptions) or 'security_invoker=on' = any (c.reloptions), false),
    -- Row security would hold for our own user too.
    c.relrowsecurity and (c.relforcerowsecurity or not pg_has_role(c.relowner, 'usage'))
        and not exists (select from pg_roles where rolname = current_user and (rolsuper or rolbypassrls)),
    case when c.relkind in ('v', 'm') then pg_relation_is_updatable(c.oid, true) end
from pg_class c join pg_namespace n on n.oid = c.relnamespace
where c.relkind in ('r', 'p', 'v', 'm', 'f') and not c.relispartition
    and n.nspname !~ '^pg_' and n.nspname not in ('information_schema', 'tenon')
    and not exists (select from pg_depend d where d.classid = 'pg_class'::regclass and d.objid = c.oid and d.deptype = 'e')
