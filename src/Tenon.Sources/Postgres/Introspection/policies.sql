select p.polrelid, p.polname, p.polpermissive, p.polcmd::text,
    (select array_agg(case when r.id = 0 then 'public' else pg_get_userbyid(r.id)::text end) from unnest(p.polroles) r(id)),
    pg_get_expr(p.polqual, p.polrelid), pg_get_expr(p.polwithcheck, p.polrelid)
from pg_policy p
where p.polrelid = any ($1)
order by p.polrelid, p.polname
