// The frame around every page, and which page a path means.
import type { ReactNode } from 'react';
import { Link, match, PageTitle, useRouter } from './router';
import { useHere } from './session';
import { Applications } from './pages/Applications';
import { Board } from './pages/Board';
import { Companies } from './pages/Companies';
import { CandidatePage } from './pages/Candidate';
import { Hiring } from './pages/Hiring';
import { PostRole } from './pages/PostRole';
import { Profile } from './pages/Profile';
import { RoleDetail } from './pages/RoleDetail';
import { Shortlist } from './pages/Shortlist';
import { Security } from './pages/Security';
import { SignIn, SignUp } from './pages/SignIn';

export function App() {
  return (
    <>
      <a className="skip" href="#main">
        Skip to the content
      </a>
      <Header />
      <main id="main" className="page" tabIndex={-1}>
        <Page />
      </main>
      <footer className="foot">
        <p>Every company and person here is fictional. The fit score is explained; people decide.</p>
        <p>
          This service uses the ESCO classification of the European Commission. Cities: GeoNames, geonames.org, CC BY 4.0.
        </p>
      </footer>
    </>
  );
}

function Header() {
  const { session, membership, ready, client } = useHere();
  const { go } = useRouter();
  return (
    <header className="head">
      <div className="head-in">
        <Link href="/" className="brand" aria-label="Mortise, home">
          <img src="/mark.svg" alt="" width="28" height="28" />
          <span>Mortise</span>
        </Link>
        <nav aria-label="Main">
          <Link href="/">Roles</Link>
          <Link href="/companies">Companies</Link>
          {ready && membership && <Link href="/hiring">Hiring</Link>}
          {ready && session && !membership && <Link href="/applications">Applications</Link>}
          {ready && session && !membership && <Link href="/profile">Profile</Link>}
          {ready && session && <Link href="/security">Security</Link>}
        </nav>
        <div className="who">
          {ready && !session && (
            <>
              <Link href="/sign-in" className="quiet">
                Sign in
              </Link>
              <Link href="/sign-up" className="button small">
                Join
              </Link>
            </>
          )}
          {ready && session && (
            <>
              <span className="who-name" title={session.user.email}>
                {membership ? membership.company.name : session.user.email}
              </span>
              <button
                type="button"
                className="button small ghost"
                onClick={async () => {
                  await client.auth.signOut();
                  go('/');
                }}
              >
                Sign out
              </button>
            </>
          )}
        </div>
      </div>
    </header>
  );
}

type Need = 'anyone' | 'signed-in' | 'member';

const routes: [pattern: string, need: Need, render: (p: Record<string, string>) => ReactNode][] = [
  ['', 'anyone', () => <Board />],
  ['/roles/:id', 'anyone', (p) => <RoleDetail key={p.id} id={p.id!} />],
  ['/companies', 'anyone', () => <Companies />],
  ['/sign-in', 'anyone', () => <SignIn />],
  ['/sign-up', 'anyone', () => <SignUp />],
  ['/profile', 'signed-in', () => <Profile />],
  ['/security', 'signed-in', () => <Security />],
  ['/applications', 'signed-in', () => <Applications />],
  ['/hiring', 'member', () => <Hiring />],
  ['/hiring/new', 'member', () => <PostRole />],
  ['/hiring/roles/:id', 'member', (p) => <Shortlist key={p.id} id={p.id!} />],
  ['/hiring/roles/:id/:candidate', 'member', (p) => <CandidatePage key={p.candidate} role={p.id!} id={p.candidate!} />],
];

function Page() {
  const { path } = useRouter();
  const { session, membership, ready } = useHere();
  for (const [pattern, need, render] of routes) {
    const found = match(pattern, path);
    if (!found) continue;
    if (need === 'anyone') return render(found);
    if (!ready) return <p className="wait">Loading…</p>;
    if (!session) return <SignIn note="Sign in to see this page." />;
    if (need === 'member' && !membership) {
      return (
        <>
          <PageTitle title="For companies">This page is for companies</PageTitle>
          <p>Your account is not a member of a company.</p>
        </>
      );
    }
    return render(found);
  }
  return (
    <>
      <PageTitle title="Not found">There is nothing here</PageTitle>
      <p>
        The page may have moved. <Link href="/">See the open roles.</Link>
      </p>
    </>
  );
}
