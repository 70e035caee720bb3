// One role: what it asks, and for a candidate the own fit and the way in.
import { useId, useRef, useState } from 'react';
import { asFit } from '../fit';
import { sayError, useLoad } from '../load';
import { Link, PageTitle } from '../router';
import { useHere } from '../session';
import { FitView } from '../ui/FitView';
import { Alert, Dots, Skeleton, Status } from '../ui/parts';
import { ago, placeName, yearsAsked } from '../words';

export function RoleDetail({ id }: { id: string }) {
  const { client, session, membership, ready } = useHere();
  const role = useLoad(`role ${id} ${session?.user.id}`, () =>
    client
      .from('role_postings')
      .select(
        `id, title, summary, remote, min_years, opened_at, status, company_id,
         company:companies(name, slug, about, industry, people),
         city:cities(name, country),
         occupation:occupations(label),
         role_skills(need, min_level, weight, skill:skills(id, label))`,
      )
      .eq('id', id)
      .maybeSingle(),
  );

  if (role.error) return <Failed text={role.error} />;
  if (role.loading || !ready) return <Skeleton rows={3} height={180} />;
  if (!role.data) return <Failed text="This role does not exist, or it is no longer open." />;

  const { data } = role;
  const ours = membership?.company.name === data.company.name;
  const needs = (need: 'must' | 'nice') =>
    data.role_skills.filter((s) => s.need === need).sort((a, b) => b.weight - a.weight || a.skill.label.localeCompare(b.skill.label));
  return (
    <article className="split">
      <div>
        <p className="crumb">
          <Link href="/">All open roles</Link>
        </p>
        <PageTitle title={data.title}>{data.title}</PageTitle>
        <p className="card-line big">
          <b>{data.company.name}</b>
          <span>{placeName(data.city, data.remote)}</span>
          <span>{yearsAsked(data.min_years)}</span>
          {data.status === 'open' ? <span>opened {ago(data.opened_at)}</span> : <Status status={data.status} />}
        </p>
        <p className="prose">{data.summary}</p>
        {(['must', 'nice'] as const).map(
          (need) =>
            needs(need).length > 0 && (
              <section key={need}>
                <h2>{need === 'must' ? 'Must have' : 'Nice to have'}</h2>
                <ul className="fit-skills">
                  {needs(need).map((s) => (
                    <li key={s.skill.id}>
                      <span>{s.skill.label}</span>
                      <Dots level={s.min_level} />
                    </li>
                  ))}
                </ul>
              </section>
            ),
        )}
        <section>
          <h2>About {data.company.name}</h2>
          <p className="prose">{data.company.about}</p>
          <p className="note">
            {data.company.industry} · {data.company.people} people{data.occupation ? ` · occupation: ${data.occupation.label}` : ''}
          </p>
        </section>
      </div>
      <aside className="panel" aria-label="Your fit">
        {!session && (
          <>
            <h2>How well do you fit?</h2>
            <p>Make a profile and see your fit with every part of the score, before you apply.</p>
            <p className="stack">
              <Link href={`/sign-up?next=/roles/${id}`} className="button wide">
                Make a profile
              </Link>
              <Link href={`/sign-in?next=/roles/${id}`} className="button ghost wide">
                Sign in
              </Link>
            </p>
          </>
        )}
        {session && ours && (
          <>
            <h2>Your role</h2>
            <p>This is one of your company's roles.</p>
            <Link href={`/hiring/roles/${id}`} className="button wide">
              See the shortlist
            </Link>
          </>
        )}
        {session && !membership && <MySide role={id} company={data.company.name} open={data.status === 'open'} />}
      </aside>
    </article>
  );
}

function Failed({ text }: { text: string }) {
  return (
    <>
      <PageTitle title="Role">Role</PageTitle>
      <Alert>{text}</Alert>
      <p>
        <Link href="/">See the open roles</Link>
      </p>
    </>
  );
}

function MySide({ role, company, open }: { role: string; company: string; open: boolean }) {
  const { client, session } = useHere();
  const user = session!.user.id;
  const fit = useLoad(`fit ${role} ${user}`, () => client.rpc('my_fit', { role_id: role }));
  const mine = useLoad(`mine ${role} ${user}`, () =>
    client.from('applications').select('id, status, created_at').eq('posting_id', role).eq('candidate_id', user).maybeSingle(),
  );
  const [note, setNote] = useState('');
  const [error, setError] = useState('');
  const [busy, setBusy] = useState(false);
  const noteId = useId();
  // The form that had the focus is gone once it is sent: the answer takes it, or the keyboard would be back at the top.
  const sent = useRef(false);
  const row = fit.data?.[0];

  async function apply() {
    setBusy(true);
    setError('');
    const { error: failed } = await client.rpc('apply', { role_id: role, note });
    setBusy(false);
    if (failed) setError(sayError(failed));
    else {
      sent.current = true;
      mine.reload();
    }
  }

  return (
    <>
      <h2>Your fit</h2>
      <Alert>{fit.error}</Alert>
      {fit.loading && <Skeleton rows={1} height={420} />}
      {row && (
        <FitView fit={asFit(row)} you>
          {asFit(row).skills.every((s) => s.has === 0) && (
            <p>
              None of the asked skills is in your profile yet. <Link href="/profile">Add your skills</Link>
            </p>
          )}
          {mine.data && (
            <div
              className="applied"
              role="status"
              tabIndex={-1}
              ref={(box) => {
                if (box && sent.current) box.focus();
                sent.current = false;
              }}
            >
              <p>
                You applied {ago(mine.data.created_at)}. <Status status={mine.data.status} />
              </p>
              <Link href="/applications">Your applications</Link>
            </div>
          )}
          {!mine.loading && !mine.data && open && (
            <form
              className="stack"
              onSubmit={(event) => {
                event.preventDefault();
                void apply();
              }}
            >
              <label htmlFor={noteId}>A few words to {company} (optional)</label>
              <textarea id={noteId} rows={3} maxLength={2000} value={note} onChange={(event) => setNote(event.target.value)} />
              <Alert>{error}</Alert>
              <button type="submit" className="button wide" disabled={busy}>
                {busy ? 'Applying…' : 'Apply'}
              </button>
              <p className="note">They see your profile and fit. Your contact data stays hidden until both sides agree.</p>
            </form>
          )}
        </FitView>
      )}
    </>
  );
}
