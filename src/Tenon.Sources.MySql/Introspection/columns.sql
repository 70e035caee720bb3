select c.table_name, t.table_type, c.column_name, c.data_type, c.column_type, c.is_nullable, c.column_default, c.extra,
       c.generation_expression, c.collation_name, c.numeric_precision, c.numeric_scale, c.character_maximum_length,
       c.datetime_precision, nullif(c.column_comment, ''), nullif(t.table_comment, ''), c.privileges
from information_schema.columns c
join information_schema.tables t on t.table_schema = c.table_schema and t.table_name = c.table_name
where c.table_schema = @schema and t.table_type in ('BASE TABLE', 'VIEW')
order by c.table_name, c.ordinal_position
