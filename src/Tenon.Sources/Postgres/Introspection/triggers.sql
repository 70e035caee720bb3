select t.tgrelid, t.tgname, t.tgtype, n.nspname, p.proname
from pg_trigger t join pg_proc p on p.oid = t.tgfoid join pg_namespace n on n.oid = p.pronamespace
where t.tgrelid = any ($1) and not t.tgisinternal
