// The candidate's own profile: what companies see, the contact data they do not, and the skills.
import { useState, type FormEvent } from 'react';
import { sayError, useLoad } from '../load';
import { Link, PageTitle, useRouter } from '../router';
import { useHere } from '../session';
import { findCities, findSkills } from '../ui/lookups';
import { Alert, LevelSelect, Skeleton } from '../ui/parts';
import { Typeahead, type Choice } from '../ui/Typeahead';
import { placeName, plural } from '../words';

export function Profile() {
  const { client, session } = useHere();
  const { query } = useRouter();
  const user = session!.user.id;
  const profile = useLoad(`profile ${user}`, () =>
    client
      .from('candidates')
      .select(
        `id, display_name, headline, about, years, visible, city_id,
         city:cities(id, name, country),
         candidate_contacts(full_name, email, phone),
         candidate_skills(skill_id, level, years, skill:skills(label))`,
      )
      .eq('id', user)
      .maybeSingle(),
  );
  const next = query.get('next');

  return (
    <>
      <PageTitle title="Your profile">Your profile</PageTitle>
      {next?.startsWith('/roles/') && (
        <p className="notice">
          Fill in what you like, then <Link href={next}>go back to the role</Link> and see your fit.
        </p>
      )}
      <Alert>{profile.error}</Alert>
      {profile.loading && <Skeleton rows={2} height={320} />}
      {!profile.loading && !profile.data && !profile.error && <p>This account has no candidate profile.</p>}
      {profile.data && (
        <div className="two">
          <About key={profile.data.id} row={profile.data} />
          <Skills user={user} skills={profile.data.candidate_skills} onChange={profile.reload} />
        </div>
      )}
    </>
  );
}

interface AboutRow {
  id: string;
  display_name: string;
  headline: string;
  about: string;
  years: number;
  visible: boolean;
  city_id: number | null;
  city: { id: number; name: string; country: string } | null;
  candidate_contacts: { full_name: string; email: string; phone: string } | null;
}

function About({ row }: { row: AboutRow }) {
  const { client } = useHere();
  const [city, setCity] = useState<number | null>(row.city_id);
  const [state, setState] = useState<'idle' | 'busy' | 'saved'>('idle');
  const [error, setError] = useState('');

  async function save(event: FormEvent<HTMLFormElement>) {
    event.preventDefault();
    const form = new FormData(event.currentTarget);
    const text = (name: string) => String(form.get(name) ?? '').trim();
    setState('busy');
    setError('');
    const [shown, contact] = await Promise.all([
      client
        .from('candidates')
        .update({
          display_name: text('display_name'),
          headline: text('headline'),
          about: text('about'),
          years: Number(text('years')) || 0,
          visible: form.get('visible') === 'on',
          city_id: city,
        })
        .eq('id', row.id),
      client
        .from('candidate_contacts')
        .update({ full_name: text('full_name'), email: text('email'), phone: text('phone') })
        .eq('candidate_id', row.id),
    ]);
    const failed = shown.error ?? contact.error;
    setState(failed ? 'idle' : 'saved');
    if (failed) setError(sayError(failed));
  }

  return (
    <form className="stack card" onSubmit={save} onChange={() => state === 'saved' && setState('idle')}>
      <h2>What companies see</h2>
      <label>
        Shown name
        <input name="display_name" required maxLength={80} defaultValue={row.display_name} />
      </label>
      <label>
        Headline
        <input name="headline" maxLength={160} defaultValue={row.headline} placeholder="Backend engineer, happiest close to users" />
      </label>
      <div className="pair">
        <Typeahead
          label="City"
          initial={row.city ? placeName(row.city) : ''}
          placeholder="e.g. Potsdam"
          search={findCities(client)}
          onPick={(c) => {
            setCity(c.id);
            setState('idle');
          }}
          onClear={() => setCity(null)}
        />
        <label>
          Years of experience
          <input name="years" type="number" min={0} max={60} required defaultValue={row.years} />
        </label>
      </div>
      <label>
        About you
        <textarea name="about" rows={4} maxLength={4000} defaultValue={row.about} />
      </label>
      <label className="check">
        <input type="checkbox" name="visible" defaultChecked={row.visible} />
        Companies may find me, also where I did not apply
      </label>
      <h2>Hidden until both sides agree</h2>
      <label>
        Full name
        <input name="full_name" maxLength={120} defaultValue={row.candidate_contacts?.full_name} autoComplete="name" />
      </label>
      <div className="pair">
        <label>
          E-mail
          <input name="email" type="email" defaultValue={row.candidate_contacts?.email} autoComplete="email" />
        </label>
        <label>
          Phone
          <input name="phone" type="tel" defaultValue={row.candidate_contacts?.phone} autoComplete="tel" />
        </label>
      </div>
      <Alert>{error}</Alert>
      <p className="actions">
        <button type="submit" className="button" disabled={state === 'busy'}>
          {state === 'busy' ? 'Saving…' : 'Save profile'}
        </button>
        <span role="status">{state === 'saved' ? 'Saved.' : ''}</span>
      </p>
    </form>
  );
}

interface HeldSkill {
  skill_id: number;
  level: number;
  years: number;
  skill: { label: string };
}

function Skills({ user, skills, onChange }: { user: string; skills: HeldSkill[]; onChange: () => void }) {
  const { client } = useHere();
  const [error, setError] = useState('');
  const [said, setSaid] = useState('');

  async function run(what: string, work: PromiseLike<{ error: { message: string; hint?: string | null } | null }>) {
    setError('');
    const { error: failed } = await work;
    if (failed) setError(sayError(failed));
    else {
      setSaid(what);
      onChange();
    }
  }
  const add = (choice: Choice) =>
    run(
      `${choice.label} added.`,
      client
        .from('candidate_skills')
        .upsert({ candidate_id: user, skill_id: choice.id, level: 3 }, { onConflict: 'candidate_id,skill_id', ignoreDuplicates: true }),
    );

  const sorted = skills.toSorted((a, b) => b.level - a.level || a.skill.label.localeCompare(b.skill.label));
  return (
    <section className="stack card" aria-labelledby="skills-title">
      <h2 id="skills-title">Your skills</h2>
      <Typeahead label="Add a skill" placeholder="Type to search 13,896 skills" search={findSkills(client)} onPick={add} clearOnPick />
      <Alert>{error}</Alert>
      <p role="status" className="note">
        {said || plural(skills.length, 'skill')}
      </p>
      <ul className="skill-rows">
        {sorted.map((s) => (
          <li key={s.skill_id}>
            <span>{s.skill.label}</span>
            <LevelSelect
              label={`Level of ${s.skill.label}`}
              value={s.level}
              onChange={(level) =>
                run(
                  `${s.skill.label}: level ${level}.`,
                  client.from('candidate_skills').update({ level }).eq('candidate_id', user).eq('skill_id', s.skill_id),
                )
              }
            />
            <button
              type="button"
              className="icon"
              aria-label={`Remove ${s.skill.label}`}
              onClick={() =>
                run(`${s.skill.label} removed.`, client.from('candidate_skills').delete().eq('candidate_id', user).eq('skill_id', s.skill_id))
              }
            >
              ×
            </button>
          </li>
        ))}
      </ul>
      {skills.length === 0 && <p className="empty">No skill yet. Add the ones you would like to be asked about.</p>}
    </section>
  );
}
