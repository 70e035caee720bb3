// One candidate for one role: the fit in full, the next step, and contact once both sides agree.
import { useState } from 'react';
import type { Enums } from '../client';
import { asFit, nextSteps, statusNames, stepWords } from '../fit';
import { sayError, useLoad } from '../load';
import { Link, PageTitle } from '../router';
import { useHere } from '../session';
import { FitView } from '../ui/FitView';
import { Alert, Dots, Skeleton, Status } from '../ui/parts';
import { ago, placeName, plural } from '../words';

export function CandidatePage({ role, id }: { role: string; id: string }) {
  const { client } = useHere();
  const person = useLoad(`candidate ${id}`, () =>
    client
      .from('candidates')
      .select(
        `id, display_name, headline, about, years,
         city:cities(name, country),
         candidate_contacts(full_name, email, phone),
         candidate_skills(level, years, skill:skills(id, label))`,
      )
      .eq('id', id)
      .maybeSingle(),
  );
  const fit = useLoad(`fit ${role} ${id}`, () => client.rpc('shortlist', { role_id: role, top: 200 }).eq('candidate_id', id));
  const application = useLoad(`application ${role} ${id}`, () =>
    client
      .from('applications')
      .select('id, status, note, candidate_agrees, company_agrees, created_at, application_events(id, status, happened_at)')
      .eq('posting_id', role)
      .eq('candidate_id', id)
      .order('id', { referencedTable: 'application_events' })
      .maybeSingle(),
  );

  if (person.error) return <Alert>{person.error}</Alert>;
  if (person.loading) return <Skeleton rows={2} height={240} />;
  if (!person.data) {
    return (
      <>
        <PageTitle title="Candidate">Candidate</PageTitle>
        <p>This candidate is not visible to you.</p>
      </>
    );
  }
  const { data } = person;
  const row = fit.data?.[0];
  const skills = data.candidate_skills.toSorted((a, b) => b.level - a.level || a.skill.label.localeCompare(b.skill.label));
  return (
    <article className="split">
      <div>
        <p className="crumb">
          <Link href={`/hiring/roles/${role}`}>Back to the shortlist</Link>
        </p>
        <PageTitle title={data.display_name}>{data.display_name}</PageTitle>
        <p className="lead">{data.headline}</p>
        <p className="card-line big">
          {data.city && <span>{placeName(data.city)}</span>}
          <span>{plural(data.years, 'year')} of experience</span>
        </p>
        {data.about && <p className="prose">{data.about}</p>}
        {application.data && (
          <Moves
            row={application.data}
            contact={data.candidate_contacts}
            onChange={() => {
              application.reload();
              person.reload();
            }}
          />
        )}
        {!application.loading && !application.data && (
          <p className="notice">Has not applied to this role. Contact data opens only after an application, when both sides agree.</p>
        )}
        <h2>All skills</h2>
        <ul className="fit-skills">
          {skills.map((s) => (
            <li key={s.skill.id}>
              <span>{s.skill.label}</span>
              <Dots level={s.level} />
            </li>
          ))}
        </ul>
      </div>
      <aside className="panel" aria-label="Fit">
        <h2>Fit with this role</h2>
        <Alert>{fit.error}</Alert>
        {fit.loading && <Skeleton rows={1} height={420} />}
        {row && <FitView fit={asFit(row)} />}
        {!fit.loading && !row && !fit.error && <p>Not among the first 200 for this role.</p>}
      </aside>
    </article>
  );
}

interface Row {
  id: string;
  status: Enums<'application_status'>;
  note: string;
  candidate_agrees: boolean;
  company_agrees: boolean;
  created_at: string;
  application_events: { id: number; status: Enums<'application_status'>; happened_at: string }[];
}

interface MovesProps {
  row: Row;
  contact: { full_name: string; email: string; phone: string } | null;
  onChange: () => void;
}

function Moves({ row, contact, onChange }: MovesProps) {
  const { client, membership } = useHere();
  const [error, setError] = useState('');
  const mayMove = membership!.role !== 'interviewer';

  async function change(values: { status?: Enums<'application_status'>; company_agrees?: boolean }) {
    setError('');
    const { error: failed } = await client.from('applications').update(values).eq('id', row.id);
    if (failed) setError(sayError(failed));
    else onChange();
  }

  return (
    <section className="card stack" aria-labelledby="application-title">
      <div className="row-head">
        <h2 id="application-title">Application</h2>
        <Status status={row.status} />
      </div>
      {row.note && <blockquote>{row.note}</blockquote>}
      <ol className="steps" aria-label="History">
        {row.application_events.map((e) => (
          <li key={e.id}>
            {statusNames[e.status]} <small>{ago(e.happened_at)}</small>
          </li>
        ))}
      </ol>
      {mayMove && nextSteps[row.status].length > 0 && (
        <p className="actions">
          {nextSteps[row.status].map((status) => (
            <button
              key={status}
              type="button"
              className={status === 'rejected' ? 'button ghost small' : 'button small'}
              onClick={() => void change({ status })}
            >
              {stepWords[status]}
            </button>
          ))}
        </p>
      )}
      <h3>Contact</h3>
      {contact ? (
        <dl className="contact">
          <dt>Name</dt>
          <dd>{contact.full_name}</dd>
          <dt>E-mail</dt>
          <dd>
            <a href={`mailto:${contact.email}`}>{contact.email}</a>
          </dd>
          {contact.phone && <dt>Phone</dt>}
          {contact.phone && <dd>{contact.phone}</dd>}
        </dl>
      ) : (
        <>
          <p className="note">
            {!mayMove
              ? 'Shown to owners and recruiters once both sides agree.'
              : row.company_agrees
                ? 'You have asked. It opens here when the candidate agrees.'
                : row.candidate_agrees
                  ? 'The candidate is willing to share it.'
                  : 'Hidden until both sides agree.'}
          </p>
          {mayMove && !row.company_agrees && (
            <p>
              <button type="button" className="button small" onClick={() => void change({ company_agrees: true })}>
                Ask for contact
              </button>
            </p>
          )}
        </>
      )}
      <Alert>{error}</Alert>
    </section>
  );
}
