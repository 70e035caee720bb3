// What a visitor sees first: the open roles, searched and filtered; the address holds the state, so it can be shared.
import { useEffect, useState } from 'react';
import { useLoad } from '../load';
import { Link, PageTitle, useRouter } from '../router';
import { useHere } from '../session';
import { findCities, findSkills } from '../ui/lookups';
import { Alert, Pager, Skeleton } from '../ui/parts';
import { Typeahead } from '../ui/Typeahead';
import { ago, likePattern, placeName, plural, yearsAsked } from '../words';

const pageSize = 12;

export function Board() {
  const { client, session, ready } = useHere();
  const { query, go } = useRouter();
  const q = query.get('q') ?? '';
  const skill = query.get('skill');
  const city = query.get('city');
  const company = query.get('company');
  const remote = query.get('remote') === '1';
  const page = Math.max(1, Number(query.get('page')) || 1);

  function change(next: Record<string, string | null>) {
    const all = new URLSearchParams(query);
    all.delete('page');
    for (const [name, value] of Object.entries(next)) {
      if (value) all.set(name, value);
      else all.delete(name);
    }
    const text = all.toString();
    go(text ? `/?${text}` : '/', { replace: true, keepScroll: !('page' in next) });
  }

  const roles = useLoad(`${query}`, () => {
    let ask = client
      .from('role_postings')
      .select(
        `id, title, remote, min_years, opened_at,
         company:companies${company ? '!inner' : ''}(name, slug),
         city:cities(name, country),
         role_skills(need, skill:skills(id, label))${skill ? ', asked:role_skills!inner(skill_id)' : ''}` as `id, title, remote, min_years, opened_at,
         company:companies(name, slug), city:cities(name, country), role_skills(need, skill:skills(id, label))`,
        { count: 'exact' },
      )
      .eq('status', 'open');
    if (q) ask = ask.or(`title.ilike.${likePattern(q)},summary.ilike.${likePattern(q)}`);
    if (skill) ask = ask.eq('asked.skill_id', skill);
    if (company) ask = ask.eq('company.slug', company);
    if (city) ask = remote ? ask.or(`city_id.eq.${Number(city)},remote.is.true`) : ask.eq('city_id', Number(city));
    else if (remote) ask = ask.is('remote', true);
    return ask
      .order('opened_at', { ascending: false })
      .order('id')
      .range((page - 1) * pageSize, page * pageSize - 1);
  });

  const pages = Math.ceil((roles.count ?? 0) / pageSize);
  return (
    <>
      <section className="hero">
        <PageTitle title="Open roles">Roles that tell you why you fit</PageTitle>
        <p className="lead">
          Every role names what it asks. Every fit is a sum you can check: the candidate and the company see the same figures.
        </p>
        {ready && !session && (
          <p>
            <Link href="/sign-up" className="button">
              Make a profile
            </Link>{' '}
            <Link href="/sign-in" className="button ghost">
              I am hiring
            </Link>
          </p>
        )}
      </section>

      <div className="board">
        <Filters q={q} remote={remote} skill={skill} city={city} onChange={change} />
        <section aria-labelledby="found" className="results">
          <div className="results-head">
            <h2 id="found" aria-live="polite">
              {roles.data === undefined ? 'Open roles' : plural(roles.count ?? 0, 'open role')}
            </h2>
            {(q || skill || city || remote || company) && (
              <button type="button" className="link" onClick={() => go('/', { replace: true })}>
                Clear filters
              </button>
            )}
          </div>
          <Alert>{roles.error}</Alert>
          {roles.data === undefined && !roles.error && <Skeleton rows={6} height={132} />}
          <ul className={roles.loading ? 'cards fading' : 'cards'}>
            {roles.data?.map((role) => (
              <li key={role.id} className="card role-card">
                <h3>
                  <Link href={`/roles/${role.id}`}>{role.title}</Link>
                </h3>
                <p className="card-line">
                  <b>{role.company.name}</b>
                  <span>{placeName(role.city, role.remote)}</span>
                  <span>{yearsAsked(role.min_years)}</span>
                </p>
                <ul className="chips" aria-label="Skills asked">
                  {role.role_skills
                    .toSorted((a, b) => a.need.localeCompare(b.need))
                    .map((s) => (
                      <li key={s.skill.id} className={`chip ${s.need}`}>
                        {s.skill.label}
                      </li>
                    ))}
                </ul>
                <p className="card-time">opened {ago(role.opened_at)}</p>
              </li>
            ))}
          </ul>
          {roles.data?.length === 0 && (
            <p className="empty">No open role matches. Take away a filter, or look again next week.</p>
          )}
          <Pager page={page} pages={pages} onPage={(n) => change({ page: n > 1 ? String(n) : null })} />
        </section>
      </div>
    </>
  );
}

interface FiltersProps {
  q: string;
  remote: boolean;
  skill: string | null;
  city: string | null;
  onChange: (next: Record<string, string | null>) => void;
}

function Filters({ q, remote, skill, city, onChange }: FiltersProps) {
  const { client } = useHere();
  const [text, setText] = useState(q);

  // A shared address names skill and city by id: look their names up once.
  const named = useLoad(skill || city ? `${skill}/${city}` : null, async () => {
    const [s, c] = await Promise.all([
      skill ? client.from('skills').select('label').eq('id', Number(skill)).maybeSingle() : null,
      city ? client.from('cities').select('name').eq('id', Number(city)).maybeSingle() : null,
    ]);
    return { data: { skill: s?.data?.label ?? '', city: c?.data?.name ?? '' }, error: null };
  });

  useEffect(() => {
    if (text === q) return;
    const timer = setTimeout(() => onChange({ q: text.trim() || null }), 250);
    return () => clearTimeout(timer);
  }, [text]);
  useEffect(() => setText((old) => (old.trim() === q ? old : q)), [q]);

  const known = { skill: skill ? (named.data?.skill ?? '') : '', city: city ? (named.data?.city ?? '') : '' };
  return (
    <form role="search" aria-label="Roles" className="filters" onSubmit={(event) => event.preventDefault()}>
      <label>
        Search
        <input type="search" value={text} onChange={(event) => setText(event.target.value)} placeholder="Title or text" />
      </label>
      <Typeahead
        label="Skill"
        placeholder="e.g. SQL"
        initial={known.skill}
        search={findSkills(client)}
        onPick={(s) => onChange({ skill: String(s.id) })}
        onClear={() => skill && onChange({ skill: null })}
      />
      <Typeahead
        label="City"
        placeholder="e.g. Berlin"
        initial={known.city}
        search={findCities(client)}
        onPick={(c) => onChange({ city: String(c.id) })}
        onClear={() => city && onChange({ city: null })}
      />
      <label className="check">
        <input type="checkbox" checked={remote} onChange={(event) => onChange({ remote: event.target.checked ? '1' : null })} />
        {city ? 'or remote' : 'Remote only'}
      </label>
    </form>
  );
}
