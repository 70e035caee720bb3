// Against a server that confirms addresses by mail.
import assert from 'node:assert/strict'
import { test } from 'node:test'
import { anon, freshEmail, ok, password } from '../env.mjs'
import { follow, mailTo } from '../inbox.mjs'

async function confirmed() {
  const email = freshEmail()
  const client = anon()
  ok(await client.auth.signUp({ email, password }))
  const { code: token } = await mailTo(email)
  const { user } = ok(await client.auth.verifyOtp({ email, token, type: 'signup' }))
  return { client, email, user }
}

test('a sign-up waits for its mail', async () => {
  const email = freshEmail()
  const client = anon()
  const { user, session } = ok(await client.auth.signUp({ email, password }))
  assert.equal(session, null)
  assert.equal(user.email, email)
  assert.equal(user.identities.length, 1)
  const early = await anon().auth.signInWithPassword({ email, password })
  assert.equal(early.error.code, 'email_not_confirmed')
  const { target } = await follow(await mailTo(email))
  assert.equal(new URLSearchParams(target.hash.slice(1)).get('type'), 'signup')
  ok(await anon().auth.signInWithPassword({ email, password }))
})

test('signing up with a taken address looks like any other', async () => {
  const { email } = await confirmed()
  const { user, session } = ok(await anon().auth.signUp({ email, password: 'some other phrase' }))
  assert.equal(session, null)
  assert.deepEqual(user.identities, [])
})

test('resend sends again, and the older code is worth nothing', async () => {
  const email = freshEmail()
  ok(await anon().auth.signUp({ email, password }))
  const first = (await mailTo(email)).code
  ok(await anon().auth.resend({ type: 'signup', email }))
  const second = (await mailTo(email, 2)).code
  const old = await anon().auth.verifyOtp({ email, token: first, type: 'signup' })
  if (first !== second) assert.equal(old.error.code, 'otp_expired')
  ok(await anon().auth.verifyOtp({ email, token: second, type: 'signup' }))
  ok(await anon().auth.resend({ type: 'signup', email: freshEmail() }))
})

test('a changed address is confirmed at both ends', async () => {
  const { client, email } = await confirmed()
  const fresh = freshEmail()
  const { user } = ok(await client.auth.updateUser({ email: fresh }))
  assert.equal(user.email, email)
  assert.equal(user.new_email, fresh)
  const half = await client.auth.verifyOtp({ email, token: (await mailTo(email, 2)).code, type: 'email_change' })
  assert.equal(half.error, null)
  assert.equal(half.data.session, null)
  const whole = ok(await client.auth.verifyOtp({ email: fresh, token: (await mailTo(fresh)).code, type: 'email_change' }))
  assert.equal(whole.user.email, fresh)
  ok(await anon().auth.signInWithPassword({ email: fresh, password }))
})

test('settings say that addresses are confirmed', async () => {
  const { url, anonKey } = await import('../env.mjs')
  const settings = await (await fetch(`${url}/auth/v1/settings`, { headers: { apikey: anonKey } })).json()
  assert.equal(settings.mailer_autoconfirm, false)
})
