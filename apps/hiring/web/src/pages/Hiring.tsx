// The company's roles. A recruiter sees the salary of each; an interviewer's request simply has no such rows.
import { useLoad } from '../load';
import { Link, PageTitle } from '../router';
import { useHere } from '../session';
import { Alert, Skeleton, Status } from '../ui/parts';
import { ago, money, placeName, plural } from '../words';

export function Hiring() {
  const { client, membership } = useHere();
  const { company, role } = membership!;
  const list = useLoad(`hiring ${company.id}`, () =>
    client
      .from('role_postings')
      .select(
        `id, title, status, opened_at, remote,
         city:cities(name, country),
         role_salaries(currency, min_amount, max_amount),
         applications(status)`,
      )
      .eq('company_id', company.id)
      .order('status')
      .order('opened_at', { ascending: false, nullsFirst: false })
      .order('title'),
  );
  return (
    <>
      <div className="row-head">
        <PageTitle title="Hiring">{company.name}</PageTitle>
        {role !== 'interviewer' && (
          <Link href="/hiring/new" className="button">
            Post a role
          </Link>
        )}
      </div>
      <p className="note">You are {role === 'interviewer' ? 'an interviewer: salaries are not shown to you' : role === 'owner' ? 'an owner' : 'a recruiter'}.</p>
      <Alert>{list.error}</Alert>
      {list.data === undefined && !list.error && <Skeleton rows={4} height={96} />}
      <ul className="cards wide-cards">
        {list.data?.map((p) => {
          const live = p.applications.filter((a) => !['withdrawn', 'rejected', 'hired'].includes(a.status)).length;
          return (
            <li key={p.id} className="card">
              <div className="row-head">
                <h2>
                  <Link href={`/hiring/roles/${p.id}`}>{p.title}</Link>
                </h2>
                <Status status={p.status} />
              </div>
              <p className="card-line">
                <span>{placeName(p.city, p.remote)}</span>
                {p.opened_at && <span>opened {ago(p.opened_at)}</span>}
                <span>{plural(p.applications.length, 'application')}, {live} in progress</span>
                {p.role_salaries && (
                  <span>
                    {money(p.role_salaries.min_amount, p.role_salaries.currency)} to {money(p.role_salaries.max_amount, p.role_salaries.currency)}
                  </span>
                )}
              </p>
            </li>
          );
        })}
      </ul>
    </>
  );
}
