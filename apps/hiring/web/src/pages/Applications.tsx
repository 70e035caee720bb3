// The candidate's applications: where each stands, its history, and the candidate's side of the contact agreement.
import { useState } from 'react';
import { nextSteps, statusNames } from '../fit';
import { sayError, useLoad } from '../load';
import { Link, PageTitle } from '../router';
import { useHere } from '../session';
import { Alert, Skeleton, Status } from '../ui/parts';
import { ago } from '../words';

export function Applications() {
  const { client, session } = useHere();
  const [error, setError] = useState('');
  const list = useLoad(`applications ${session!.user.id}`, () =>
    client
      .from('applications')
      .select(
        `id, status, note, candidate_agrees, company_agrees, created_at,
         posting:role_postings(id, title, company:companies(name)),
         application_events(id, status, happened_at)`,
      )
      .eq('candidate_id', session!.user.id)
      .order('created_at', { ascending: false })
      .order('id', { referencedTable: 'application_events' }),
  );

  async function change(id: string, values: { status?: 'withdrawn'; candidate_agrees?: boolean }): Promise<boolean> {
    setError('');
    const { error: failed } = await client.from('applications').update(values).eq('id', id);
    if (failed) setError(sayError(failed));
    else list.reload();
    return !failed;
  }

  return (
    <>
      <PageTitle title="Your applications">Your applications</PageTitle>
      <Alert>{error || list.error}</Alert>
      {list.data === undefined && !list.error && <Skeleton rows={3} height={170} />}
      {list.data?.length === 0 && (
        <p className="empty">
          You have not applied yet. <Link href="/">See the open roles</Link>
        </p>
      )}
      <ul className="cards wide-cards">
        {list.data?.map((a) => (
          <li key={a.id} className="card">
            <div className="row-head">
              <h2>
                <Link href={`/roles/${a.posting.id}`}>{a.posting.title}</Link>
              </h2>
              <Status status={a.status} />
            </div>
            <p className="card-line">
              <b>{a.posting.company.name}</b>
              <span>applied {ago(a.created_at)}</span>
            </p>
            <ol className="steps" aria-label="History">
              {a.application_events.map((e) => (
                <li key={e.id}>
                  {statusNames[e.status]} <small>{ago(e.happened_at)}</small>
                </li>
              ))}
            </ol>
            <div className="row-foot">
              <Agree
                agreed={a.candidate_agrees}
                words={
                  a.company_agrees
                    ? `${a.posting.company.name} asked for your contact data: share it`
                    : `${a.posting.company.name} may see my contact data once they ask`
                }
                onChange={(candidate_agrees) => change(a.id, { candidate_agrees })}
              />
              {nextSteps[a.status].length > 0 && (
                <button type="button" className="button ghost small" onClick={() => void change(a.id, { status: 'withdrawn' })}>
                  Withdraw
                </button>
              )}
            </div>
          </li>
        ))}
      </ul>
    </>
  );
}

/** Ticks at once and goes back if the server refuses. */
function Agree({ agreed, words, onChange }: { agreed: boolean; words: string; onChange: (agreed: boolean) => Promise<boolean> }) {
  const [ticked, setTicked] = useState(agreed);
  return (
    <label className="check">
      <input
        type="checkbox"
        checked={ticked}
        onChange={async (event) => {
          const wanted = event.target.checked;
          setTicked(wanted);
          if (!(await onChange(wanted))) setTicked(!wanted);
        }}
      />
      {words}
    </label>
  );
}
