select p.pubname, t.schemaname, t.tablename
from pg_publication p left join pg_publication_tables t on t.pubname = p.pubname
