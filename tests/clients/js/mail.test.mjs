import assert from 'node:assert/strict'
import { test } from 'node:test'
import { createClient } from '@supabase/supabase-js'
import { anon, anonKey, freshEmail, ok, options, password, service, signedUp, url } from './env.mjs'
import { follow, mailTo, tokenHashIn } from './inbox.mjs'

const redirectTo = 'https://app.example.test/welcome'
const refused = (result, status, code) => {
  assert.ok(result.error, 'an error is expected')
  assert.equal(result.error.code, code, result.error.message)
  assert.equal(result.error.status, status)
}

/** A client of the PKCE flow with a memory of its own. */
function pkceClient() {
  const kept = new Map()
  const storage = { getItem: (k) => kept.get(k) ?? null, setItem: (k, v) => kept.set(k, v), removeItem: (k) => kept.delete(k) }
  return createClient(url, anonKey, { ...options, auth: { ...options.auth, flowType: 'pkce', persistSession: true, storage, storageKey: `k${Math.random()}` } })
}

test('signInWithOtp makes a user whom the code signs in', async () => {
  const email = freshEmail()
  const client = anon()
  ok(await client.auth.signInWithOtp({ email, options: { data: { name: 'Ann' } } }))
  const { code: token } = await mailTo(email)
  const { session, user } = ok(await client.auth.verifyOtp({ email, token, type: 'email' }))
  assert.equal(user.email, email)
  assert.equal(user.user_metadata.name, 'Ann')
  assert.ok(user.email_confirmed_at)
  assert.equal(ok(await client.auth.getUser(session.access_token)).user.id, user.id)
  refused(await anon().auth.verifyOtp({ email, token, type: 'email' }), 403, 'otp_expired')
})

test('signInWithOtp of an unknown address that may make no user answers like any other and makes none', async () => {
  const email = freshEmail()
  ok(await anon().auth.signInWithOtp({ email, options: { shouldCreateUser: false } }))
  refused(await anon().auth.verifyOtp({ email, token: '123456', type: 'email' }), 403, 'otp_expired')
})

test('a magic link leads to the application with a session that setSession takes', async () => {
  const { email } = await signedUp()
  ok(await anon().auth.signInWithOtp({ email, options: { emailRedirectTo: redirectTo } }))
  const { status, target } = await follow(await mailTo(email))
  assert.equal(status, 303)
  assert.equal(target.origin + target.pathname, redirectTo)
  const fragment = new URLSearchParams(target.hash.slice(1))
  assert.equal(fragment.get('type'), 'magiclink')
  const client = anon()
  ok(await client.auth.setSession({ access_token: fragment.get('access_token'), refresh_token: fragment.get('refresh_token') }))
  assert.equal(ok(await client.auth.getUser()).user.email, email)
})

test('a link to an address that is not allowed leads to the site', async () => {
  const { email } = await signedUp()
  ok(await anon().auth.signInWithOtp({ email, options: { emailRedirectTo: 'https://evil.example/steal' } }))
  const { target } = await follow(await mailTo(email))
  assert.notEqual(target.hostname, 'evil.example')
})

test('verifyOtp takes the token hash of a link, once', async () => {
  const { email } = await signedUp()
  ok(await anon().auth.signInWithOtp({ email }))
  const token_hash = tokenHashIn(await mailTo(email))
  assert.equal(ok(await anon().auth.verifyOtp({ token_hash, type: 'email' })).user.email, email)
  refused(await anon().auth.verifyOtp({ token_hash, type: 'email' }), 403, 'otp_expired')
})

test('the PKCE flow ends in a code that only the client that began it exchanges', async () => {
  const { email } = await signedUp()
  const client = pkceClient()
  ok(await client.auth.signInWithOtp({ email, options: { emailRedirectTo: redirectTo } }))
  const { target } = await follow(await mailTo(email))
  const code = target.searchParams.get('code')
  assert.match(code, /^[0-9a-f-]{36}$/)
  assert.equal(target.hash, '')
  assert.equal(ok(await client.auth.exchangeCodeForSession(code)).user.email, email)
  assert.equal(ok(await client.auth.getUser()).user.email, email)
})

test('a wrong verifier is refused', async () => {
  const { email } = await signedUp()
  const client = pkceClient()
  ok(await client.auth.signInWithOtp({ email }))
  const { target } = await follow(await mailTo(email))
  const stranger = pkceClient()
  ok(await stranger.auth.signInWithOtp({ email: freshEmail() }))
  refused(await stranger.auth.exchangeCodeForSession(target.searchParams.get('code')), 400, 'bad_code_verifier')
})

test('resetPasswordForEmail lets its mailbox choose a new password', async () => {
  const { email } = await signedUp()
  const client = anon()
  ok(await client.auth.resetPasswordForEmail(email, { redirectTo }))
  const { code: token } = await mailTo(email)
  ok(await client.auth.verifyOtp({ email, token, type: 'recovery' }))
  ok(await client.auth.updateUser({ password: 'another fine phrase' }))
  ok(await anon().auth.signInWithPassword({ email, password: 'another fine phrase' }))
  refused(await anon().auth.signInWithPassword({ email, password }), 400, 'invalid_credentials')
})

test('resetPasswordForEmail of an unknown address says nothing', async () => {
  ok(await anon().auth.resetPasswordForEmail(freshEmail()))
})

test('reauthenticate sends a code', async () => {
  const { client, email } = await signedUp()
  ok(await client.auth.reauthenticate())
  assert.match((await mailTo(email)).code, /^[0-9]{6}$/)
})

test('inviteUserByEmail invites', async () => {
  const email = freshEmail()
  const { user } = ok(await service().auth.admin.inviteUserByEmail(email, { data: { team: 'blue' }, redirectTo }))
  assert.ok(user.invited_at)
  const { code: token } = await mailTo(email)
  assert.equal(ok(await anon().auth.verifyOtp({ email, token, type: 'invite' })).user.id, user.id)
})

test('generateLink gives what a mail would carry', async () => {
  const { email, user } = await signedUp()
  const data = ok(await service().auth.admin.generateLink({ type: 'magiclink', email, options: { redirectTo } }))
  assert.equal(data.user.id, user.id)
  assert.equal(data.properties.redirect_to, redirectTo)
  assert.equal(data.properties.verification_type, 'magiclink')
  assert.match(data.properties.email_otp, /^[0-9]{6}$/)
  ok(await anon().auth.verifyOtp({ token_hash: data.properties.hashed_token, type: 'email' }))
})

test('a broken link leads to the site with the reason', async () => {
  const answer = await fetch(`${url}/auth/v1/verify?token=nonsense&type=signup`, { redirect: 'manual' })
  assert.equal(answer.status, 303)
  assert.match(answer.headers.get('location'), /#error=access_denied&error_code=otp_expired/)
})

test('signInWithOtp by telephone', async () => {
  const phone = `4179${String(Date.now()).slice(-7)}`
  const client = anon()
  ok(await client.auth.signInWithOtp({ phone: `+${phone}` }))
  const { user } = ok(await client.auth.verifyOtp({ phone, token: (await mailTo(phone)).code, type: 'sms' }))
  assert.equal(user.phone, phone)
  assert.equal(user.app_metadata.provider, 'phone')
})

test('a test number has its own code', async () => {
  const client = anon()
  ok(await client.auth.signInWithOtp({ phone: '+15005550006' }))
  assert.equal(ok(await client.auth.verifyOtp({ phone: '+15005550006', token: '123456', type: 'sms' })).user.phone, '15005550006')
})

test('a number is added by its code', async () => {
  const { client } = await signedUp()
  const phone = `4178${String(Date.now()).slice(-7)}`
  assert.equal(ok(await client.auth.updateUser({ phone })).user.new_phone, phone)
  const { code: token } = await mailTo(phone)
  assert.equal(ok(await client.auth.verifyOtp({ phone, token, type: 'phone_change' })).user.phone, phone)
  ok(await anon().auth.signInWithPassword({ phone, password }))
})

test('the inbox is a page without script', async () => {
  const page = await (await fetch(`${url}/dev/inbox`)).text()
  assert.match(page, /<h1>Inbox<\/h1>/)
  assert.doesNotMatch(page, /<script/)
})
