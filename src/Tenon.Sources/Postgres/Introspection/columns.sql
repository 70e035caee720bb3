select a.attrelid, a.attname, a.atttypid, a.atttypmod, a.attnotnull,
    coalesce(pg_get_expr(d.adbin, d.adrelid), pg_get_expr(t.typdefaultbin, 0)), a.attidentity::text, a.attgenerated::text, col_description(a.attrelid, a.attnum)
from pg_attribute a left join pg_attrdef d on d.adrelid = a.attrelid and d.adnum = a.attnum
    left join pg_type t on t.oid = a.atttypid and t.typtype = 'd'
where a.attrelid = any ($1) and a.attnum > 0 and not a.attisdropped
order by a.attrelid, a.attnum
