-- Where a setting's name is not written as a literal, it may be any.
select exists (
    select from pg_proc p join pg_namespace n on n.oid = p.pronamespace join pg_language l on l.oid = p.prolang
    where n.nspname !~ '^pg_' and n.nspname not in ('information_schema', 'tenon')
        and (p.prosrc ~ '(request\.(method|path|headers|cookies)|current_setting\s*\(\s*(?!''[^'']*''(::text)?\s*[,)]))' or l.lanname not in ('sql', 'plpgsql', 'c', 'internal') or p.prosqlbody is not null)
) or exists (
    select from pg_policy p
    where coalesce(pg_get_expr(p.polqual, p.polrelid), '') || coalesce(pg_get_expr(p.polwithcheck, p.polrelid), '') ~ '(request\.(method|path|headers|cookies)|current_setting\s*\(\s*(?!''[^'']*''(::text)?\s*[,)]))'
) or exists (
    select from pg_attrdef d where pg_get_expr(d.adbin, d.adrelid) ~ '(request\.(method|path|headers|cookies)|current_setting\s*\(\s*(?!''[^'']*''(::text)?\s*[,)]))'
) or exists (
    select from pg_views v
    where v.schemaname !~ '^pg_' and v.schemaname <> 'information_schema' and v.definition ~ '(request\.(method|path|headers|cookies)|current_setting\s*\(\s*(?!''[^'']*''(::text)?\s*[,)]))'
), exists (
    select from pg_proc p join pg_namespace n on n.oid = p.pronamespace join pg_language l on l.oid = p.prolang
    where n.nspname !~ '^pg_' and n.nspname not in ('information_schema', 'tenon')
        and (p.prosrc ~ '(response\.|set_config\s*\(\s*(?!''[^'']*''(::text)?\s*,))' or l.lanname not in ('sql', 'plpgsql', 'c', 'internal') or p.prosqlbody is not null)
)
