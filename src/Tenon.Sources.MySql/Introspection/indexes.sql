select s.table_name, s.index_name, s.column_name, s.sub_part, s.cardinality
from information_schema.statistics s
where s.table_schema = @schema and s.index_type = 'BTREE' and s.ignored = 'NO'
order by s.table_name, s.index_name, s.seq_in_index
