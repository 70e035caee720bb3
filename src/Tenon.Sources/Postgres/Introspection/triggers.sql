select t.tgrelid, t.tgname, t.tgtype, n.nspname, p.proname
from pg_trigger t join pg_proc p on p.oid = t.tgfoid join pg_namespace n on n.oid = p.pronamespace
where t.tgrelid = any ($1) and not t.tgisinternal
    and not starts_with(t.tgname, 'tenon_tell_') -- the servers' own calls to each other change no row
