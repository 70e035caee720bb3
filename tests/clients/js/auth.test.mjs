import assert from 'node:assert/strict'
import { test } from 'node:test'
import { anon, anonKey, freshEmail, ok, password, raw, signedUp } from './env.mjs'

const claims = (token) => JSON.parse(Buffer.from(token.split('.')[1], 'base64url'))

function refused(result, status, code) {
  assert.ok(result.error, 'an error is expected')
  assert.equal(result.error.status, status, result.error.message)
  if (code) assert.equal(result.error.code, code)
  return result.error
}

test('sign-up gives a session and a user', async () => {
  const { email, user, session } = await signedUp({ name: 'Ann' })
  assert.match(user.id, /^[0-9a-f-]{36}$/)
  assert.equal(user.email, email)
  assert.equal(user.aud, 'authenticated')
  assert.equal(user.role, 'authenticated')
  assert.deepEqual(user.app_metadata, { provider: 'email', providers: ['email'] })
  assert.equal(user.user_metadata.name, 'Ann')
  assert.equal(user.is_anonymous, false)
  assert.ok(user.email_confirmed_at)
  assert.equal(user.identities.length, 1)
  assert.equal(user.identities[0].provider, 'email')
  assert.equal(session.token_type, 'bearer')
  assert.equal(session.expires_in, 3600)
  assert.ok(Math.abs(session.expires_at - Date.now() / 1000 - 3600) < 60)
  assert.ok(session.refresh_token)
})

test('the access token carries the claims that policies read', async () => {
  const { email, user, session } = await signedUp()
  const c = claims(session.access_token)
  assert.equal(c.sub, user.id)
  assert.equal(c.role, 'authenticated')
  assert.equal(c.aud, 'authenticated')
  assert.equal(c.email, email)
  assert.equal(c.aal, 'aal1')
  assert.equal(c.amr[0].method, 'password')
  assert.equal(c.is_anonymous, false)
  assert.match(c.session_id, /^[0-9a-f-]{36}$/)
  assert.ok(c.iss.endsWith('/auth/v1'))
  assert.equal(c.exp - c.iat, 3600)
})

test('signing up twice with one address is refused', async () => {
  const { email } = await signedUp()
  refused(await anon().auth.signUp({ email, password }), 422, 'user_already_exists')
})

test('a weak password is refused with reasons', async () => {
  const error = refused(await anon().auth.signUp({ email: freshEmail(), password: 'short' }), 422, 'weak_password')
  assert.ok(error.reasons.includes('length'))
})

test('a malformed address is refused', async () => {
  const error = refused(await anon().auth.signUp({ email: 'nobody', password }), 400)
  assert.ok(['validation_failed', 'email_address_invalid'].includes(error.code), error.code)
})

test('sign-in by password', async () => {
  const { email, user } = await signedUp()
  const data = ok(await anon().auth.signInWithPassword({ email, password }))
  assert.equal(data.user.id, user.id)
  assert.ok(data.session.access_token)
  assert.ok(data.user.last_sign_in_at)
})

test('sign-in takes the address in any case', async () => {
  const { email, user } = await signedUp()
  assert.equal(ok(await anon().auth.signInWithPassword({ email: email.toUpperCase(), password })).user.id, user.id)
})

test('a wrong password and an unknown address are told the same', async () => {
  const { email } = await signedUp()
  const wrong = refused(await anon().auth.signInWithPassword({ email, password: 'not this one' }), 400, 'invalid_credentials')
  const unknown = refused(await anon().auth.signInWithPassword({ email: freshEmail(), password }), 400, 'invalid_credentials')
  assert.equal(wrong.message, unknown.message)
  assert.equal(wrong.message, 'Invalid login credentials')
})

test('getUser asks the server', async () => {
  const { client, user } = await signedUp()
  assert.equal(ok(await client.auth.getUser()).user.id, user.id)
})

test('getUser refuses a forged token', async () => {
  const { client, session } = await signedUp()
  const [head, body] = session.access_token.split('.')
  refused(await client.auth.getUser(`${head}.${body}.${'A'.repeat(86)}`), 403, 'bad_jwt')
})

test('getClaims verifies the token by the published keys', async () => {
  const { client, user } = await signedUp()
  const data = ok(await client.auth.getClaims())
  assert.equal(data.claims.sub, user.id)
})

test('the key set holds public keys only', async () => {
  const answer = await raw('/auth/v1/.well-known/jwks.json')
  assert.equal(answer.status, 200)
  const { keys } = await answer.json()
  assert.ok(keys.length > 0)
  for (const key of keys) {
    assert.equal(key.kty, 'EC')
    assert.equal(key.d, undefined)
    assert.ok(key.kid)
  }
})

test('refresh gives a new pair for the same session', async () => {
  const { client, session } = await signedUp()
  const fresh = ok(await client.auth.refreshSession()).session
  assert.notEqual(fresh.refresh_token, session.refresh_token)
  assert.equal(claims(fresh.access_token).session_id, claims(session.access_token).session_id)
})

test('a refresh token used twice within the grace is forgiven', async () => {
  const { session } = await signedUp()
  const refresh = { refresh_token: session.refresh_token }
  ok(await anon().auth.refreshSession(refresh))
  ok(await anon().auth.refreshSession(refresh))
})

test('an unknown refresh token is refused', async () => {
  refused(await anon().auth.refreshSession({ refresh_token: 'nonsense' }), 400, 'refresh_token_not_found')
})

test('a session is taken over by its tokens', async () => {
  const { session, user } = await signedUp()
  const other = anon()
  ok(await other.auth.setSession({ access_token: session.access_token, refresh_token: session.refresh_token }))
  assert.equal(ok(await other.auth.getUser()).user.id, user.id)
})

test('updateUser changes metadata and keeps what it does not name', async () => {
  const { client } = await signedUp({ name: 'Ann', town: 'Bern' })
  const { user } = ok(await client.auth.updateUser({ data: { town: 'Basel' } }))
  assert.equal(user.user_metadata.name, 'Ann')
  assert.equal(user.user_metadata.town, 'Basel')
})

test('updateUser changes the password, and refuses the same one', async () => {
  const { client, email } = await signedUp()
  refused(await client.auth.updateUser({ password }), 422, 'same_password')
  ok(await client.auth.updateUser({ password: 'another fine phrase' }))
  refused(await anon().auth.signInWithPassword({ email, password }), 400, 'invalid_credentials')
  ok(await anon().auth.signInWithPassword({ email, password: 'another fine phrase' }))
})

test('updateUser refuses an address that is taken', async () => {
  const first = await signedUp()
  const { client } = await signedUp()
  refused(await client.auth.updateUser({ email: first.email }), 422, 'email_exists')
})

test('a user cannot give itself app metadata or a role', async () => {
  const { session } = await signedUp()
  const answer = await raw('/auth/v1/user', {
    method: 'PUT', token: session.access_token, headers: { 'Content-Type': 'application/json' },
    body: { app_metadata: { admin: true }, role: 'service_role', data: { x: 1 } },
  })
  const user = await (await raw('/auth/v1/user', { token: session.access_token })).json()
  assert.ok(answer.status < 500)
  assert.equal(user.role, 'authenticated')
  assert.equal(user.app_metadata.admin, undefined)
})

test('sign-out ends the session at once, for the data API too', async () => {
  const { client, session } = await signedUp()
  assert.equal((await client.auth.signOut({ scope: 'local' })).error, null)
  const data = await raw('/rest/v1/notes', { token: session.access_token })
  assert.equal(data.status, 401)
  const user = await raw('/auth/v1/user', { token: session.access_token })
  assert.equal(user.status, 403)
  refused(await anon().auth.refreshSession({ refresh_token: session.refresh_token }), 400)
})

test('sign-out of others keeps the own session', async () => {
  const { client, email } = await signedUp()
  const other = anon()
  ok(await other.auth.signInWithPassword({ email, password }))
  assert.equal((await client.auth.signOut({ scope: 'others' })).error, null)
  ok(await client.auth.getUser())
  // The client has a name of its own for the server's session_not_found.
  assert.equal((await other.auth.getUser()).error.name, 'AuthSessionMissingError')
})

test('global sign-out ends every session', async () => {
  const { client, email, session } = await signedUp()
  const other = anon()
  const second = ok(await other.auth.signInWithPassword({ email, password })).session
  assert.equal((await client.auth.signOut()).error, null)
  for (const token of [session.access_token, second.access_token]) {
    assert.equal((await raw('/auth/v1/user', { token })).status, 403)
  }
})

test('an anonymous user signs in and has a token that says so', async () => {
  const data = ok(await anon().auth.signInAnonymously({ options: { data: { theme: 'dark' } } }))
  assert.equal(data.user.is_anonymous, true)
  assert.equal(data.user.user_metadata.theme, 'dark')
  assert.equal(claims(data.session.access_token).is_anonymous, true)
  assert.equal(claims(data.session.access_token).role, 'authenticated')
})

test('an anonymous user becomes a full one', async () => {
  const client = anon()
  const { user } = ok(await client.auth.signInAnonymously())
  const email = freshEmail()
  const updated = ok(await client.auth.updateUser({ email, password })).user
  assert.equal(updated.id, user.id)
  assert.equal(ok(await anon().auth.signInWithPassword({ email, password })).user.id, user.id)
})

test('onAuthStateChange sees sign-in and sign-out', async () => {
  const client = anon()
  const events = []
  const { data } = client.auth.onAuthStateChange((event) => events.push(event))
  const email = freshEmail()
  ok(await client.auth.signUp({ email, password }))
  await client.auth.signOut()
  data.subscription.unsubscribe()
  assert.ok(events.includes('SIGNED_IN'))
  assert.ok(events.includes('SIGNED_OUT'))
})

test('health and settings are public', async () => {
  const health = await (await raw('/auth/v1/health')).json()
  assert.equal(health.name, 'GoTrue')
  const settings = await (await raw('/auth/v1/settings')).json()
  assert.equal(settings.external.email, true)
  assert.equal(settings.external.anonymous_users, true)
  assert.equal(settings.disable_signup, false)
  assert.equal(settings.mailer_autoconfirm, true)
})

test('errors have both shapes, by the version header', async () => {
  const send = (headers) => raw('/auth/v1/token?grant_type=password', {
    method: 'POST', headers: { 'Content-Type': 'application/json', ...headers }, body: { email: freshEmail(), password },
  })
  const old = await send({})
  assert.equal(old.status, 400)
  assert.deepEqual(await old.json(), { code: 400, error_code: 'invalid_credentials', msg: 'Invalid login credentials' })
  const now = await send({ 'X-Supabase-Api-Version': '2024-01-01' })
  assert.deepEqual(await now.json(), { code: 'invalid_credentials', message: 'Invalid login credentials' })
  assert.equal(now.headers.get('x-sb-error-code'), 'invalid_credentials')
})

test('an unknown grant type and broken json are refused', async () => {
  const headers = { 'Content-Type': 'application/json' }
  const grant = await raw('/auth/v1/token?grant_type=nonsense', { method: 'POST', headers, body: {} })
  assert.equal(grant.status, 400)
  const broken = await raw('/auth/v1/token?grant_type=password', { method: 'POST', headers, body: '{' })
  assert.equal(broken.status, 400)
})

test('a request without any token is told so', async () => {
  const answer = await raw('/auth/v1/user', { headers: { 'X-Supabase-Api-Version': '2024-01-01' } })
  assert.equal(answer.status, 401)
  assert.equal((await answer.json()).code, 'no_authorization')
})

test('the admin api refuses the anon key', async () => {
  const answer = await raw('/auth/v1/admin/users', { token: anonKey })
  assert.ok([401, 403].includes(answer.status), `status ${answer.status}`)
})
