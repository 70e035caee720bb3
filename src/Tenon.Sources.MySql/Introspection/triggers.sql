select distinct event_object_table, event_manipulation from information_schema.triggers
where event_object_schema = @schema and action_timing = 'BEFORE' and event_manipulation in ('INSERT', 'UPDATE')
