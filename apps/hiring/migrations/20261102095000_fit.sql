-- The fit score: one definition for both sides. The recruiter's shortlist and the candidate's "my fit" call the same
-- function, so nobody is told a different story.
--
-- 100 points in five parts: must-have skills 50, nice-to-have skills 20, years 15, place 10, related skills 5.
-- Everything is computed in whole tenths of a point; the score is the sum of the parts as shown, never of unrounded
-- figures. Gates name what is missing. They lower nothing and reject nobody: people decide.

create function role_fit(role_id uuid, only_candidate uuid, top integer)
returns table (
  candidate_id uuid,
  rank bigint,
  score numeric,
  parts jsonb,
  gates jsonb,
  skills jsonb
)
language sql stable security definer set search_path = '' as $$
  with posting as (
    select p.id, p.min_years, p.remote, p.city_id, c.name as city, c.country, c.lat, c.lon, c.km_per_degree
    from public.role_postings p
    left join public.cities c on c.id = p.city_id
    where p.id = role_id
  ),
  asked as (
    select s.skill_id, k.label, s.need, s.min_level, s.weight
    from public.role_skills s
    join public.skills k on k.id = s.skill_id
    where s.posting_id = role_id
  ),
  applicants as (
    select a.candidate_id from public.applications a where a.posting_id = role_id and a.status <> 'withdrawn'
  ),
  -- Who is looked at: one named candidate, or all applicants and every visible candidate with an asked skill.
  pool as (
    select c.id, c.years, c.city_id
    from public.candidates c
    where c.id = only_candidate
    union
    select c.id, c.years, c.city_id
    from public.candidates c
    join applicants a on a.candidate_id = c.id
    where only_candidate is null
    union
    select c.id, c.years, c.city_id
    from public.candidates c
    join public.candidate_skills h on h.candidate_id = c.id
    join asked s on s.skill_id = h.skill_id
    where only_candidate is null and c.visible
  ),
  -- Skills next to an asked one: related, broader or narrower, or under the same broader skill.
  near as (
    select s.skill_id, r.related_id as other_id
    from asked s
    join public.skill_relations r on r.skill_id = s.skill_id
    union
    select s.skill_id, r.skill_id as other_id
    from asked s
    join public.skill_relations r on r.related_id = s.skill_id
    union
    select s.skill_id, sibling.skill_id as other_id
    from asked s
    join public.skill_relations up on up.skill_id = s.skill_id and up.kind = 'broader'
    join public.skill_relations sibling on sibling.related_id = up.related_id and sibling.kind = 'broader'
  ),
  near_held as (
    select distinct h.candidate_id, n.skill_id
    from near n
    join public.candidate_skills h on h.skill_id = n.other_id
    where only_candidate is null or h.candidate_id = only_candidate
  ),
  -- credit is out of weight * 60; 60 divides by every level from 1 to 5, so it stays a whole number.
  matched as (
    select
      p.id as candidate_id, s.skill_id, s.label, s.need, s.min_level, s.weight,
      coalesce(h.level, 0) as level,
      s.weight * least(coalesce(h.level, 0), s.min_level) * (60 / s.min_level) as credit,
      case when h.level is null and n.skill_id is not null then 1 else 0 end as near_only
    from pool p
    cross join asked s
    left join public.candidate_skills h on h.candidate_id = p.id and h.skill_id = s.skill_id
    left join near_held n on n.candidate_id = p.id and n.skill_id = s.skill_id
  ),
  totals as (
    select
      m.candidate_id,
      sum(case when m.need = 'must' then m.credit else 0 end) as must_credit,
      sum(case when m.need = 'must' then m.weight * 60 else 0 end) as must_full,
      sum(case when m.need = 'must' then 1 else 0 end) as must_asked,
      sum(case when m.need = 'must' and m.level >= m.min_level then 1 else 0 end) as must_met,
      sum(case when m.need = 'nice' then m.credit else 0 end) as nice_credit,
      sum(case when m.need = 'nice' then m.weight * 60 else 0 end) as nice_full,
      sum(case when m.need = 'nice' then 1 else 0 end) as nice_asked,
      sum(case when m.need = 'nice' and m.level >= m.min_level then 1 else 0 end) as nice_met,
      sum(case when m.level = 0 then 1 else 0 end) as absent,
      sum(m.near_only) as near_count
    from matched m
    group by m.candidate_id
  ),
  -- Straight-line distance squared in km; null when either side names no place.
  located as (
    select
      p.id as candidate_id, p.years, p.city_id, c.name as city, c.country,
      (c.lat - o.lat) * 111.2 * (c.lat - o.lat) * 111.2
        + (c.lon - o.lon) * o.km_per_degree * (c.lon - o.lon) * o.km_per_degree as km_squared
    from pool p
    cross join posting o
    left join public.cities c on c.id = p.city_id
  ),
  tenths as (
    select
      l.candidate_id, l.years, l.city,
      coalesce(t.must_asked, 0) as must_asked, coalesce(t.must_met, 0) as must_met,
      coalesce(t.nice_asked, 0) as nice_asked, coalesce(t.nice_met, 0) as nice_met,
      coalesce(t.absent, 0) as absent, coalesce(t.near_count, 0) as near_count,
      case when coalesce(t.must_full, 0) = 0 then 500
        else (500 * t.must_credit + t.must_full / 2) / t.must_full end as must_tenths,
      case when coalesce(t.nice_full, 0) = 0 then 200
        else (200 * t.nice_credit + t.nice_full / 2) / t.nice_full end as nice_tenths,
      case when o.min_years = 0 then 150
        else (150 * least(l.years, o.min_years) + o.min_years / 2) / o.min_years end as years_tenths,
      case
        when o.remote or o.city_id is null or l.city_id = o.city_id then 100
        when l.km_squared <= 2500 then 80
        when l.km_squared <= 22500 then 50
        when l.country = o.country then 30
        else 0
      end as place_tenths,
      case when coalesce(t.absent, 0) = 0 then 50
        else (50 * t.near_count + t.absent / 2) / t.absent end as related_tenths
    from located l
    cross join posting o
    left join totals t on t.candidate_id = l.candidate_id
  ),
  scored as (
    select
      s.*,
      s.must_tenths + s.nice_tenths + s.years_tenths + s.place_tenths + s.related_tenths as score_tenths
    from tenths s
  ),
  ranked as (
    select s.*, row_number() over (order by s.score_tenths desc, s.candidate_id) as rank
    from scored s
  ),
  kept as (
    select r.* from ranked r
    where r.rank <= top or r.candidate_id in (select a.candidate_id from applicants a)
  ),
  gate_lines as (
    select m.candidate_id, 1 as part, m.label as sort_key, 'missing_must_have' as gate,
      'missing must-have: ' || m.label as says
    from matched m
    join kept k on k.candidate_id = m.candidate_id
    where m.need = 'must' and m.level = 0
    union all
    select m.candidate_id, 2 as part, m.label as sort_key, 'below_level' as gate,
      'below the asked level: ' || m.label || ' ' || m.level::text || ' of ' || m.min_level::text as says
    from matched m
    join kept k on k.candidate_id = m.candidate_id
    where m.need = 'must' and m.level > 0 and m.level < m.min_level
    union all
    select k.candidate_id, 3 as part, '' as sort_key, 'fewer_years' as gate,
      'fewer years than asked: ' || k.years::text || ' of ' || o.min_years::text as says
    from kept k
    cross join posting o
    where k.years < o.min_years
    union all
    select k.candidate_id, 4 as part, '' as sort_key, 'elsewhere' as gate,
      case when k.city is null then 'no place given; the role is in ' || o.city
        else 'lives in ' || k.city || '; the role is in ' || o.city end as says
    from kept k
    cross join posting o
    where k.place_tenths < 50
  ),
  gate_lists as (
    select g.candidate_id,
      jsonb_agg(jsonb_build_object('gate', g.gate, 'says', g.says) order by g.part, g.sort_key) as gates
    from gate_lines g
    group by g.candidate_id
  ),
  skill_lists as (
    select m.candidate_id,
      jsonb_agg(jsonb_build_object(
        'skill_id', m.skill_id, 'skill', m.label, 'need', m.need::text, 'asked', m.min_level, 'has', m.level,
        'weight', m.weight, 'near', m.near_only = 1
      ) order by m.need, m.weight desc, m.label) as skills
    from matched m
    join kept k on k.candidate_id = m.candidate_id
    group by m.candidate_id
  )
  select
    k.candidate_id,
    k.rank,
    round(k.score_tenths / 10.0, 1) as score,
    jsonb_build_array(
      jsonb_build_object('part', 'must_have', 'points', round(k.must_tenths / 10.0, 1), 'of', 50,
        'why', case when k.must_asked = 0 then 'no must-have skill asked'
          else k.must_met::text || ' of ' || k.must_asked::text || ' must-have skills at the asked level' end),
      jsonb_build_object('part', 'nice_to_have', 'points', round(k.nice_tenths / 10.0, 1), 'of', 20,
        'why', case when k.nice_asked = 0 then 'no nice-to-have skill asked'
          else k.nice_met::text || ' of ' || k.nice_asked::text || ' nice-to-have skills at the asked level' end),
      jsonb_build_object('part', 'years', 'points', round(k.years_tenths / 10.0, 1), 'of', 15,
        'why', k.years::text || ' years, ' || o.min_years::text || ' asked'),
      jsonb_build_object('part', 'place', 'points', round(k.place_tenths / 10.0, 1), 'of', 10,
        'why', case
          when o.remote then 'the role is remote'
          when o.city is null then 'the role names no place'
          when k.city is null then 'no place given'
          when k.place_tenths = 100 then 'in ' || k.city
          when k.place_tenths = 80 then k.city || ', within 50 km of ' || o.city
          when k.place_tenths = 50 then k.city || ', within 150 km of ' || o.city
          when k.place_tenths = 30 then k.city || ', same country'
          else k.city || ', another country' end),
      jsonb_build_object('part', 'related', 'points', round(k.related_tenths / 10.0, 1), 'of', 5,
        'why', case when k.absent = 0 then 'no asked skill is absent'
          else k.near_count::text || ' of ' || k.absent::text || ' absent skills covered by a related one' end)
    ) as parts,
    coalesce(g.gates, '[]'::jsonb) as gates,
    coalesce(l.skills, '[]'::jsonb) as skills
  from kept k
  cross join posting o
  left join gate_lists g on g.candidate_id = k.candidate_id
  left join skill_lists l on l.candidate_id = k.candidate_id
$$;

-- The recruiter's page. Members of the role's company only; everybody else gets no row.
create function shortlist(role_id uuid, top integer default 50)
returns table (
  candidate_id uuid,
  display_name text,
  headline text,
  city text,
  country text,
  years integer,
  rank bigint,
  score numeric,
  parts jsonb,
  gates jsonb,
  skills jsonb,
  application_id uuid,
  application_status application_status,
  applied_at timestamptz
)
language sql stable security definer set search_path = '' as $$
  select
    f.candidate_id, c.display_name, c.headline, t.name, t.country, c.years,
    f.rank, f.score, f.parts, f.gates, f.skills,
    a.id, a.status, a.created_at
  from public.role_fit(role_id, null, least(greatest(top, 1), 200)) f
  join public.candidates c on c.id = f.candidate_id
  left join public.cities t on t.id = c.city_id
  left join public.applications a on a.posting_id = role_id and a.candidate_id = f.candidate_id
  where public.is_member((select p.company_id from public.role_postings p where p.id = role_id))
  order by f.rank
$$;

-- The candidate's page: the same figures, for the caller alone, on roles the caller may see.
create function my_fit(role_id uuid)
returns table (
  score numeric,
  parts jsonb,
  gates jsonb,
  skills jsonb
)
language sql stable security definer set search_path = '' as $$
  select f.score, f.parts, f.gates, f.skills
  from public.role_fit(role_id, (select auth.uid()), 1) f
  where (select auth.uid()) is not null
    and (
      exists (select 1 from public.role_postings p where p.id = role_id and p.status = 'open')
      or public.has_applied(role_id)
    )
$$;

-- Companies with the number of roles the reader may see: the rights of the reader, not of the view's owner.
create view company_directory with (security_invoker = true) as
  select
    c.id, c.slug, c.name, c.industry, c.about, c.people, c.is_fictional,
    t.name as city, t.country,
    (select count(*) from role_postings p where p.company_id = c.id and p.status = 'open') as open_roles
  from companies c
  left join cities t on t.id = c.city_id;

grant select on company_directory to anon, authenticated, service_role;

revoke execute on function role_fit(uuid, uuid, integer) from public;
revoke execute on function shortlist(uuid, integer) from public;
revoke execute on function my_fit(uuid) from public;
grant execute on function shortlist(uuid, integer) to authenticated;
grant execute on function my_fit(uuid) to authenticated;
