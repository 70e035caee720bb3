select i.indrelid, c.relname,
    (select array_agg(a.attname::text order by k.n) from unnest(i.indkey::int2[]) with ordinality k(num, n)
        join pg_attribute a on a.attrelid = i.indrelid and a.attnum = k.num where k.n <= i.indnkeyatts)
from pg_index i join pg_class c on c.oid = i.indexrelid
where i.indrelid = any ($1) and i.indisunique and i.indpred is null and i.indexprs is null
    and not exists (select from pg_constraint k where k.conindid = i.indexrelid and k.contype in ('p', 'u'))
