select c.oid, case when g.grantee = 0 then 'public' else pg_get_userbyid(g.grantee)::text end, g.privilege_type, null::text
from pg_class c, aclexplode(c.relacl) g
where c.oid = any ($1)
union all
select a.attrelid, case when g.grantee = 0 then 'public' else pg_get_userbyid(g.grantee)::text end, g.privilege_type, a.attname::text
from pg_attribute a, aclexplode(a.attacl) g
where a.attrelid = any ($1) and a.attnum > 0 and not a.attisdropped
