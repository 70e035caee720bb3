// Posting a role: a draft with skills and salary, opened as the last step, so that a half-sent form is never public.
import { useState, type FormEvent } from 'react';
import type { Enums } from '../client';
import { sayError, useLoad } from '../load';
import { PageTitle, useRouter } from '../router';
import { useHere } from '../session';
import { findCities, findOccupations, findSkills } from '../ui/lookups';
import { Alert, LevelSelect } from '../ui/parts';
import { Typeahead } from '../ui/Typeahead';

interface Asked {
  id: number;
  label: string;
  need: Enums<'skill_need'>;
  level: number;
}

export function PostRole() {
  const { client, membership } = useHere();
  const { go } = useRouter();
  const [city, setCity] = useState<number | null>(null);
  const [occupation, setOccupation] = useState<number | null>(null);
  const [asked, setAsked] = useState<Asked[]>([]);
  const [error, setError] = useState('');
  const [busy, setBusy] = useState(false);

  const suggested = useLoad(occupation === null ? null : `occupation ${occupation}`, () =>
    client
      .from('occupation_skills')
      .select('skill:skills(id, label)')
      .eq('occupation_id', occupation!)
      .eq('relation', 'essential')
      .limit(40),
  );
  const add = (skill: { id: number; label: string }) =>
    setAsked((old) => (old.some((s) => s.id === skill.id) ? old : [...old, { ...skill, need: old.length < 3 ? 'must' : 'nice', level: 3 }]));
  const change = (id: number, next: Partial<Asked>) => setAsked((old) => old.map((s) => (s.id === id ? { ...s, ...next } : s)));

  async function send(form: FormData): Promise<string> {
    const text = (name: string) => String(form.get(name) ?? '').trim();
    const made = await client
      .from('role_postings')
      .insert({
        company_id: membership!.company.id,
        title: text('title'),
        summary: text('summary'),
        occupation_id: occupation,
        city_id: city,
        remote: form.get('remote') === 'on',
        min_years: Number(text('min_years')) || 0,
      })
      .select('id')
      .single();
    if (made.error) throw made.error;
    const posting_id = made.data.id;
    const rest = await Promise.all([
      client.from('role_skills').insert(asked.map((s) => ({ posting_id, skill_id: s.id, need: s.need, min_level: s.level }))),
      client.from('role_salaries').insert({ posting_id, min_amount: Number(text('min')), max_amount: Number(text('max')) }),
    ]);
    for (const { error: failed } of rest) if (failed) throw failed;
    const opened = await client.from('role_postings').update({ status: 'open' }).eq('id', posting_id);
    if (opened.error) throw opened.error;
    return posting_id;
  }

  async function submit(event: FormEvent<HTMLFormElement>) {
    event.preventDefault();
    const form = new FormData(event.currentTarget);
    if (asked.length === 0) return setError('Ask for at least one skill: the shortlist is made of them.');
    if (Number(form.get('max')) < Number(form.get('min'))) return setError('The highest salary is below the lowest.');
    setBusy(true);
    setError('');
    try {
      go(`/hiring/roles/${await send(form)}`);
    } catch (failed) {
      setError(sayError(failed as { message: string }));
      setBusy(false);
    }
  }

  const open = suggested.data?.filter((s) => !asked.some((a) => a.id === s.skill.id)) ?? [];
  return (
    <form onSubmit={submit} className="two">
      <div className="stack">
        <PageTitle title="Post a role">Post a role</PageTitle>
        <div className="stack card">
          <label>
            Title
            <input name="title" required minLength={3} maxLength={120} placeholder="Backend Engineer" />
          </label>
          <Typeahead
            label="Occupation (suggests skills)"
            placeholder="e.g. software developer"
            search={findOccupations(client)}
            onPick={(o) => setOccupation(o.id)}
            onClear={() => setOccupation(null)}
          />
          <label>
            What the work is
            <textarea name="summary" rows={5} maxLength={4000} required />
          </label>
          <div className="pair">
            <Typeahead label="City" placeholder="e.g. Berlin" search={findCities(client)} onPick={(c) => setCity(c.id)} onClear={() => setCity(null)} />
            <label>
              Years asked
              <input name="min_years" type="number" min={0} max={40} defaultValue={2} required />
            </label>
          </div>
          <label className="check">
            <input type="checkbox" name="remote" /> Remote is fine
          </label>
        </div>
        <fieldset className="stack card">
          <legend>Salary, EUR a year</legend>
          <p className="note">Owners and recruiters of your company read it. Interviewers and candidates do not.</p>
          <div className="pair">
            <label>
              From
              <input name="min" type="number" min={500} step={500} required defaultValue={50000} />
            </label>
            <label>
              To
              <input name="max" type="number" min={500} step={500} required defaultValue={65000} />
            </label>
          </div>
        </fieldset>
      </div>
      <section className="stack card" aria-labelledby="asked-title">
        <h2 id="asked-title">Skills asked</h2>
        <Typeahead label="Add a skill" placeholder="Type to search" search={findSkills(client)} onPick={add} clearOnPick />
        {open.length > 0 && (
          <div>
            <p className="note" id="suggested">Usual for this occupation:</p>
            <ul className="chips" aria-labelledby="suggested">
              {open.slice(0, 10).map((s) => (
                <li key={s.skill.id}>
                  <button type="button" className="chip add" onClick={() => add(s.skill)}>
                    + {s.skill.label}
                  </button>
                </li>
              ))}
            </ul>
          </div>
        )}
        <ul className="skill-rows asked">
          {asked.map((s) => (
            <li key={s.id}>
              <span>{s.label}</span>
              <label className="inline">
                <span className="unseen">{`Need of ${s.label}`}</span>
                <select value={s.need} onChange={(event) => change(s.id, { need: event.target.value as Asked['need'] })}>
                  <option value="must">must have</option>
                  <option value="nice">nice to have</option>
                </select>
              </label>
              <LevelSelect label={`Level of ${s.label}`} value={s.level} onChange={(level) => change(s.id, { level })} />
              <button type="button" className="icon" aria-label={`Remove ${s.label}`} onClick={() => setAsked(asked.filter((a) => a.id !== s.id))}>
                ×
              </button>
            </li>
          ))}
        </ul>
        {asked.length === 0 && <p className="empty">No skill yet. Three must-haves and a few nice-to-haves make a good shortlist.</p>}
        <Alert>{error}</Alert>
        <button type="submit" className="button wide" disabled={busy}>
          {busy ? 'Posting…' : 'Post and see the shortlist'}
        </button>
      </section>
    </form>
  );
}
