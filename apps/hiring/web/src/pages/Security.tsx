// How this account is opened: its passkeys, and a security key as second factor. All of it is supabase-js's own calls.
import { useState, type FormEvent } from 'react';
import { sayError, useLoad } from '../load';
import { keysElsewhere, keysWork } from '../passkeys';
import { PageTitle } from '../router';
import { useHere } from '../session';
import { Alert, Skeleton } from '../ui/parts';
import { ago } from '../words';

type Failure = { message: string } | null;

const methodNames: Record<string, string> = {
  password: 'password',
  passkey: 'passkey',
  otp: 'code or link',
  totp: 'authenticator app',
  'mfa/webauthn': 'security key',
  'mfa/phone': 'text message',
  'mfa/recovery_code': 'recovery code',
};

export function Security() {
  return (
    <>
      <PageTitle title="Sign-in and security">Sign-in and security</PageTitle>
      {!keysWork && (
        <p className="notice">
          {keysElsewhere ? (
            <>
              Passkeys need a name instead of an address: <a href={keysElsewhere}>open this page as localhost</a>.
            </>
          ) : (
            'This browser has no passkeys.'
          )}
        </p>
      )}
      <div className="two">
        <Passkeys />
        <SecondFactor />
      </div>
    </>
  );
}

/** Runs one call at a time and keeps what it said. */
function useRun(reload: () => void) {
  const [error, setError] = useState('');
  const [said, setSaid] = useState('');
  const [busy, setBusy] = useState(false);
  async function run(done: string, call: () => PromiseLike<{ error: Failure }>) {
    setBusy(true);
    setError('');
    setSaid('');
    const { error: failed } = await call();
    setBusy(false);
    if (failed) setError(sayError(failed));
    else setSaid(done);
    reload();
  }
  return { error, said, busy, run };
}

function Passkeys() {
  const { client, session } = useHere();
  const list = useLoad(`passkeys ${session!.user.id}`, () => client.auth.passkey.list());
  const { error, said, busy, run } = useRun(list.reload);
  return (
    <section className="stack card" aria-labelledby="passkeys-title">
      <h2 id="passkeys-title">Passkeys</h2>
      <p className="note">Sign in with your fingerprint, face or PIN. There is nothing to remember and nothing to phish.</p>
      {list.loading && !list.data && <Skeleton rows={1} height={56} />}
      <ul className="skill-rows">
        {list.data?.map((passkey) => (
          <li key={passkey.id}>
            <Rename
              name={passkey.friendly_name ?? 'Passkey'}
              note={passkey.last_used_at ? `used ${ago(passkey.last_used_at)}` : `added ${ago(passkey.created_at)}`}
              onRename={(friendlyName) =>
                run(`Renamed to ${friendlyName}.`, () => client.auth.passkey.update({ passkeyId: passkey.id, friendlyName }))
              }
            />
            <button
              type="button"
              className="icon"
              aria-label={`Delete ${passkey.friendly_name ?? 'Passkey'}`}
              disabled={busy}
              onClick={() => run('Passkey deleted.', () => client.auth.passkey.delete({ passkeyId: passkey.id }))}
            >
              ×
            </button>
          </li>
        ))}
      </ul>
      {list.data?.length === 0 && <p className="empty">No passkey yet.</p>}
      <Alert>{list.error ?? error}</Alert>
      <p className="actions">
        <button type="button" className="button" disabled={!keysWork || busy} onClick={() => run('Passkey added.', () => client.auth.registerPasskey())}>
          Add a passkey
        </button>
        <span role="status">{said}</span>
      </p>
    </section>
  );
}

function Rename({ name, note, onRename }: { name: string; note: string; onRename: (name: string) => void }) {
  const [text, setText] = useState(name);
  function submit(event: FormEvent) {
    event.preventDefault();
    onRename(text.trim());
  }
  return (
    <form className="rename" onSubmit={submit}>
      <label>
        <span className="note">Name, {note}</span>
        <input required maxLength={120} value={text} onChange={(e) => setText(e.target.value)} />
      </label>
      {text.trim() !== name && (
        <button type="submit" className="button small ghost">
          Rename
        </button>
      )}
    </form>
  );
}

function SecondFactor() {
  const { client, session } = useHere();
  const level = useLoad(`level ${session!.access_token}`, () => client.auth.mfa.getAuthenticatorAssuranceLevel());
  const factors = useLoad(`factors ${session!.user.id}`, () => client.auth.mfa.listFactors());
  const { error, said, busy, run } = useRun(() => {
    level.reload();
    factors.reload();
  });
  const key = factors.data?.webauthn[0];
  const ways = level.data?.currentAuthenticationMethods.map((m) => methodNames[typeof m === 'string' ? m : m.method] ?? 'another way') ?? [];
  const strong = level.data?.currentLevel === 'aal2';
  return (
    <section className="stack card" aria-labelledby="factor-title">
      <h2 id="factor-title">Security key</h2>
      <p className="note">A key to plug in or hold near, asked for after the password.</p>
      <p>
        You came in by {ways.join(' and ') || '…'}: <strong>{strong ? 'two factors' : 'one factor'}</strong>.
      </p>
      <Alert>{level.error ?? factors.error ?? error}</Alert>
      <p className="actions">
        {factors.data && !key && (
          <button
            type="button"
            className="button"
            disabled={!keysWork || busy}
            onClick={() => run('Security key added.', () => client.auth.mfa.webauthn.register({ friendlyName: 'Security key' }))}
          >
            Add a security key
          </button>
        )}
        {key && !strong && (
          <button
            type="button"
            className="button"
            disabled={!keysWork || busy}
            onClick={() => run('Security key accepted.', () => client.auth.mfa.webauthn.authenticate({ factorId: key.id }))}
          >
            Use the security key
          </button>
        )}
        {key && (
          <button
            type="button"
            className="button ghost"
            disabled={busy}
            onClick={() => run('Security key removed.', () => client.auth.mfa.unenroll({ factorId: key.id }))}
          >
            Remove it
          </button>
        )}
        <span role="status">{said}</span>
      </p>
    </section>
  );
}
