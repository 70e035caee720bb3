select s.schema_name from information_schema.schemata s where s.schema_name = @schema
