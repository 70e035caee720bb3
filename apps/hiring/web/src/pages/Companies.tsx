// The companies and how many roles each has open, read from a view.
import { useLoad } from '../load';
import { Link, PageTitle } from '../router';
import { useHere } from '../session';
import { Alert, Skeleton } from '../ui/parts';
import { countryName, plural } from '../words';

export function Companies() {
  const { client } = useHere();
  const list = useLoad('companies', () =>
    client
      .from('company_directory')
      .select('id, slug, name, industry, about, people, city, country, open_roles')
      .order('open_roles', { ascending: false })
      .order('name'),
  );
  return (
    <>
      <PageTitle title="Companies">Companies</PageTitle>
      <Alert>{list.error}</Alert>
      {list.data === undefined && !list.error && <Skeleton rows={6} height={130} />}
      <ul className="cards grid">
        {list.data?.map((c) => (
          <li key={c.id} className="card">
            <h2>{c.open_roles ? <Link href={`/?company=${c.slug}`}>{c.name}</Link> : c.name}</h2>
            <p className="card-line">
              <span>{c.industry}</span>
              {c.city && (
                <span>
                  {c.city}, {countryName(c.country ?? '')}
                </span>
              )}
              <span>{c.people} people</span>
            </p>
            <p>{c.about}</p>
            <p className="card-time">{c.open_roles ? plural(c.open_roles, 'open role') : 'No open role'}</p>
          </li>
        ))}
      </ul>
    </>
  );
}
