select c.conrelid, c.conname, c.contype::text,
    (select array_agg(a.attname::text order by k.n) from unnest(c.conkey) with ordinality k(num, n)
        join pg_attribute a on a.attrelid = c.conrelid and a.attnum = k.num),
    n.nspname, r.relname,
    (select array_agg(a.attname::text order by k.n) from unnest(c.confkey) with ordinality k(num, n)
        join pg_attribute a on a.attrelid = c.confrelid and a.attnum = k.num),
    c.confdeltype::text, c.confupdtype::text, c.condeferrable, c.condeferred
from pg_constraint c left join pg_class r on r.oid = c.confrelid left join pg_namespace n on n.oid = r.relnamespace
where c.conrelid = any ($1) and c.contype in ('p', 'u', 'f') and c.conparentid = 0
order by c.conrelid, c.conname
