// Sign-in and sign-up. On a developer's machine the demo accounts are one press away.
import { useState, type FormEvent } from 'react';
import { keysElsewhere, keysWork } from '../passkeys';
import { Link, PageTitle, useRouter } from '../router';
import { useHere } from '../session';
import { Alert } from '../ui/parts';

const demo = [
  ['recruiter@acme.test', 'Recruiter at Acme Robotics'],
  ['interviewer@acme.test', 'Interviewer there: sees no salary'],
  ['candidate@example.test', 'Candidate with a filled profile'],
] as const;
const onDevelopersMachine = ['127.0.0.1', 'localhost'].includes(location.hostname);

function useNext(): () => void {
  const { query, go, path } = useRouter();
  const asked = query.get('next');
  // Only paths of this site: an address in the query must not send people elsewhere.
  const next = asked?.startsWith('/') && !asked.startsWith('//') ? asked : path.startsWith('/sign-') ? '/' : path;
  return () => {
    // Signed in, the header has its links at once: who has followed one already stays there.
    if (location.pathname === path) go(next, { replace: true });
  };
}

export function SignIn({ note }: { note?: string }) {
  const { client } = useHere();
  const { query } = useRouter();
  const leave = useNext();
  const [error, setError] = useState('');
  const [busy, setBusy] = useState(false);
  const [email, setEmail] = useState('');
  const [password, setPassword] = useState('');

  async function enter(call: () => PromiseLike<{ error: { message: string } | null }>) {
    setBusy(true);
    setError('');
    const { error: failed } = await call();
    setBusy(false);
    if (failed) setError(failed.message);
    else leave();
  }

  function submit(event: FormEvent) {
    event.preventDefault();
    void enter(() => client.auth.signInWithPassword({ email, password }));
  }

  const next = query.get('next');
  return (
    <div className="narrow">
      <PageTitle title="Sign in">Sign in</PageTitle>
      {note && <p>{note}</p>}
      <form className="stack card" onSubmit={submit}>
        <label>
          E-mail
          <input type="email" autoComplete="username" required value={email} onChange={(e) => setEmail(e.target.value)} />
        </label>
        <label>
          Password
          <input type="password" autoComplete="current-password" required value={password} onChange={(e) => setPassword(e.target.value)} />
        </label>
        <Alert>{error}</Alert>
        <button type="submit" className="button wide" disabled={busy}>
          {busy ? 'Signing in…' : 'Sign in'}
        </button>
        {keysWork && (
          <button type="button" className="button wide ghost" disabled={busy} onClick={() => enter(() => client.auth.signInWithPasskey())}>
            Use a passkey
          </button>
        )}
        {onDevelopersMachine && keysElsewhere && (
          <p className="note">
            Passkeys work at <a href={keysElsewhere}>localhost</a>, not at an address of digits.
          </p>
        )}
      </form>
      <p>
        New here? <Link href={next ? `/sign-up?next=${encodeURIComponent(next)}` : '/sign-up'}>Make a profile</Link>
      </p>
      {onDevelopersMachine && (
        <section className="demo">
          <h2>Demo accounts</h2>
          <ul>
            {demo.map(([address, what]) => (
              <li key={address}>
                <button
                  type="button"
                  className="link"
                  onClick={() => {
                    setEmail(address);
                    setPassword('tenon-dev');
                  }}
                >
                  {address}
                </button>
                <small>{what}</small>
              </li>
            ))}
          </ul>
        </section>
      )}
    </div>
  );
}

export function SignUp() {
  const { client } = useHere();
  const { go, query } = useRouter();
  const [error, setError] = useState('');
  const [busy, setBusy] = useState(false);
  const [mail, setMail] = useState('');

  async function submit(event: FormEvent<HTMLFormElement>) {
    event.preventDefault();
    const form = new FormData(event.currentTarget);
    const email = String(form.get('email'));
    const fullName = String(form.get('name')).trim();
    setBusy(true);
    setError('');
    const { data, error: failed } = await client.auth.signUp({
      email,
      password: String(form.get('password')),
      options: { data: { full_name: fullName, display_name: shortName(fullName) } },
    });
    setBusy(false);
    if (failed) setError(failed.message);
    else if (!data.session) setMail(email);
    else {
      const next = query.get('next');
      go(next ? `/profile?next=${encodeURIComponent(next)}` : '/profile', { replace: true });
    }
  }

  if (mail) {
    return (
      <div className="narrow">
        <PageTitle title="Confirm your address">Confirm your address</PageTitle>
        <p>We sent a link to {mail}. Open it to finish.</p>
      </div>
    );
  }
  return (
    <div className="narrow">
      <PageTitle title="Make a profile">Make a profile</PageTitle>
      <p>Companies see your first name and skills. Your full name and how to reach you stay hidden until both sides agree.</p>
      <form className="stack card" onSubmit={submit}>
        <label>
          Full name
          <input name="name" autoComplete="name" required minLength={2} maxLength={80} />
        </label>
        <label>
          E-mail
          <input name="email" type="email" autoComplete="email" required />
        </label>
        <label>
          Password
          <input name="password" type="password" autoComplete="new-password" required minLength={8} aria-describedby="password-hint" />
          <small id="password-hint">At least 8 characters.</small>
        </label>
        <Alert>{error}</Alert>
        <button type="submit" className="button wide" disabled={busy}>
          {busy ? 'One moment…' : 'Make a profile'}
        </button>
      </form>
      <p>
        Have an account? <Link href="/sign-in">Sign in</Link>
      </p>
    </div>
  );
}

/** "Nina Maria New" is shown as "Nina N." */
function shortName(full: string): string {
  const [first = '', ...rest] = full.split(/\s+/);
  const last = rest.at(-1);
  return last ? `${first} ${last[0]!.toUpperCase()}.` : first;
}
