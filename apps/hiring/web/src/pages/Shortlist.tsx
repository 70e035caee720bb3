// The shortlist of a role: everyone in order, each with the reasons at a glance.
import { useState } from 'react';
import { asFit } from '../fit';
import { sayError, useLoad } from '../load';
import { Link, PageTitle } from '../router';
import { useHere } from '../session';
import { Gates, ScoreBar } from '../ui/FitView';
import { Alert, Skeleton, Status } from '../ui/parts';
import { countryName, money, placeName, plural, yearsAsked } from '../words';

export function Shortlist({ id }: { id: string }) {
  const { client, membership } = useHere();
  const [only, setOnly] = useState(false);
  const [error, setError] = useState('');
  const role = useLoad(`hiring role ${id}`, () =>
    client
      .from('role_postings')
      .select(
        `id, title, status, remote, min_years,
         city:cities(name, country),
         role_salaries(currency, min_amount, max_amount),
         role_skills(need, skill:skills(id, label))`,
      )
      .eq('id', id)
      .maybeSingle(),
  );
  const list = useLoad(`shortlist ${id}`, () => client.rpc('shortlist', { role_id: id, top: 40 }));

  async function setStatus(status: 'open' | 'closed') {
    setError('');
    const { error: failed } = await client.from('role_postings').update({ status }).eq('id', id);
    if (failed) setError(sayError(failed));
    else role.reload();
  }

  const { data } = role;
  const salary = data?.role_salaries;
  const shown = list.data?.filter((row) => !only || row.application_id) ?? [];
  return (
    <>
      <p className="crumb">
        <Link href="/hiring">{membership!.company.name}</Link>
      </p>
      <div className="row-head">
        <PageTitle title={data ? `${data.title}, shortlist` : 'Shortlist'}>{data?.title ?? 'Shortlist'}</PageTitle>
        {data && membership!.role !== 'interviewer' && (
          <button type="button" className="button ghost" onClick={() => void setStatus(data.status === 'open' ? 'closed' : 'open')}>
            {data.status === 'open' ? 'Close the role' : 'Open the role'}
          </button>
        )}
      </div>
      <Alert>{error || role.error || list.error}</Alert>
      {data && (
        <>
          <p className="card-line big">
            <Status status={data.status} />
            <span>{placeName(data.city, data.remote)}</span>
            <span>{yearsAsked(data.min_years)}</span>
            {salary && (
              <span>
                {money(salary.min_amount, salary.currency)} to {money(salary.max_amount, salary.currency)}
              </span>
            )}
          </p>
          <ul className="chips" aria-label="Skills asked">
            {data.role_skills
              .toSorted((a, b) => a.need.localeCompare(b.need))
              .map((s) => (
                <li key={s.skill.id} className={`chip ${s.need}`}>
                  {s.skill.label}
                </li>
              ))}
          </ul>
        </>
      )}
      <div className="results-head">
        <h2 aria-live="polite">{list.data ? plural(shown.length, 'candidate') : 'Candidates'}</h2>
        <label className="check">
          <input type="checkbox" checked={only} onChange={(event) => setOnly(event.target.checked)} /> Only who applied
        </label>
      </div>
      {list.data === undefined && !list.error && <Skeleton rows={6} height={120} />}
      <ol className="ranking">
        {shown.map((row) => {
          const fit = asFit(row);
          return (
            <li key={row.candidate_id} className="card ranked">
              <span className="rank" aria-label={`Rank ${row.rank}`}>
                {row.rank}
              </span>
              <div className="ranked-who">
                <h3>
                  <Link href={`/hiring/roles/${id}/${row.candidate_id}`}>{row.display_name}</Link>
                  {row.application_status && <Status status={row.application_status} />}
                </h3>
                <p>{row.headline}</p>
                <p className="card-line">
                  {row.city && (
                    <span>
                      {row.city}, {countryName(row.country)}
                    </span>
                  )}
                  <span>{plural(row.years, 'year')}</span>
                </p>
              </div>
              <div className="ranked-why">
                <p className="ranked-score">
                  <strong>{fit.score.toFixed(1)}</strong>
                  <span>{fit.parts[0]?.why}</span>
                </p>
                <ScoreBar parts={fit.parts} score={fit.score} />
                <Gates gates={fit.gates} />
              </div>
            </li>
          );
        })}
      </ol>
      {list.data && shown.length === 0 && <p className="empty">{only ? 'Nobody has applied yet.' : 'No visible candidate has one of the asked skills yet.'}</p>}
      <p className="note legend">
        <i className="key must_have" /> must-have 50 <i className="key nice_to_have" /> nice-to-have 20 <i className="key years" /> years 15{' '}
        <i className="key place" /> place 10 <i className="key related" /> related 5
      </p>
    </>
  );
}
