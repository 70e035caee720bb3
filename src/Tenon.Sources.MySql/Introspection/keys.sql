select s.table_name, s.index_name, s.column_name, s.sub_part
from information_schema.statistics s
where s.table_schema = @schema and s.non_unique = 0
order by s.table_name, s.index_name, s.seq_in_index
