// Passkeys and security keys by the stock client's calls; the ceremonies in a real browser are in tests/Tenon.Browser.Tests.
import assert from 'node:assert/strict'
import { test } from 'node:test'
import { Authenticator, asCredential } from './authenticator.mjs'
import { anon, fails, freshEmail, ok, service, signedUp } from './env.mjs'

const claims = (session) => JSON.parse(Buffer.from(session.access_token.split('.')[1], 'base64url'))

async function withPasskey(client, authenticator = new Authenticator()) {
  const started = ok(await client.auth.passkey.startRegistration())
  const credential = authenticator.create(started.options)
  const passkey = ok(await client.auth.passkey.verifyRegistration({ challengeId: started.challenge_id, credential }))
  return { authenticator, passkey }
}

async function signIn(authenticator) {
  const client = anon()
  const started = ok(await client.auth.passkey.startAuthentication())
  const credential = authenticator.get(started.options)
  return { client, result: await client.auth.passkey.verifyAuthentication({ challengeId: started.challenge_id, credential }) }
}

test('a passkey is registered, signs in, is listed, renamed and deleted', async () => {
  const { client, user, email } = await signedUp()
  const { authenticator, passkey } = await withPasskey(client)
  assert.equal(passkey.friendly_name, 'Passkey')
  ok(await client.auth.signOut())

  const { client: again, result } = await signIn(authenticator)
  const { session } = ok(result)
  assert.equal(session.user.id, user.id)
  assert.equal(session.user.email, email)
  assert.deepEqual(claims(session).amr.map((entry) => entry.method), ['passkey'])
  assert.equal(ok(await again.auth.mfa.getAuthenticatorAssuranceLevel()).currentLevel, 'aal2')

  const [listed] = ok(await again.auth.passkey.list())
  assert.equal(listed.id, passkey.id)
  assert.ok(listed.last_used_at)
  assert.equal(ok(await again.auth.passkey.update({ passkeyId: passkey.id, friendlyName: 'desk' })).friendly_name, 'desk')
  ok(await again.auth.passkey.delete({ passkeyId: passkey.id }))
  assert.deepEqual(ok(await again.auth.passkey.list()), [])
  fails((await signIn(authenticator)).result, 'webauthn_verification_failed', 400)
})

test('an anonymous user signs up by passkey', async () => {
  const client = anon()
  const { user } = ok(await client.auth.signInAnonymously())
  const { authenticator } = await withPasskey(client)
  const { session } = ok(await client.auth.refreshSession())
  assert.equal(claims(session).is_anonymous, false)
  assert.equal(ok((await signIn(authenticator)).result).user.id, user.id)
})

test('a page of another origin is refused by name', async () => {
  const { client } = await signedUp()
  const started = ok(await client.auth.passkey.startRegistration())
  const credential = new Authenticator('https://evil.example.test').create(started.options)
  const error = fails(
    await client.auth.passkey.verifyRegistration({ challengeId: started.challenge_id, credential }),
    'webauthn_verification_failed',
    400,
  )
  assert.match(error.message, /https:\/\/evil\.example\.test.*rp_origins/)
})

test('an administrator lists and deletes passkeys', async () => {
  const { client, user } = await signedUp()
  const { passkey } = await withPasskey(client)
  const admin = service().auth.admin.passkey
  assert.deepEqual(ok(await admin.listPasskeys({ userId: user.id })).map((listed) => listed.id), [passkey.id])
  ok(await admin.deletePasskey({ userId: user.id, passkeyId: passkey.id }))
  assert.deepEqual(ok(await admin.listPasskeys({ userId: user.id })), [])
})

async function answered(client, factorId, authenticator) {
  const challenge = ok(await client.auth.mfa.challenge({ factorId, webauthn: { rpId: 'localhost' } }))
  assert.equal(challenge.type, 'webauthn')
  const { type, credential_options: options } = challenge.webauthn
  const answer = type === 'create' ? authenticator.create(options.publicKey) : authenticator.get(options.publicKey)
  return client.auth.mfa.webauthn.verify({ factorId, challengeId: challenge.id, webauthn: { type, credential_response: asCredential(answer) } })
}

test('a security key is enrolled and raises a later session', async () => {
  const { client, email } = await signedUp()
  const factor = ok(await client.auth.mfa.webauthn.enroll({ friendlyName: 'desk' }))
  assert.equal(factor.type, 'webauthn')
  const authenticator = new Authenticator()
  ok(await answered(client, factor.id, authenticator))
  assert.equal(ok(await client.auth.mfa.listFactors()).webauthn[0].id, factor.id)

  ok(await client.auth.signInWithPassword({ email, password: 'correct horse battery' }))
  assert.equal(ok(await client.auth.mfa.getAuthenticatorAssuranceLevel()).nextLevel, 'aal2')
  ok(await answered(client, factor.id, authenticator))
  const level = ok(await client.auth.mfa.getAuthenticatorAssuranceLevel())
  assert.equal(level.currentLevel, 'aal2')
  assert.deepEqual(level.currentAuthenticationMethods.map((m) => m.method).sort(), ['mfa/webauthn', 'password'])
  ok(await client.auth.mfa.unenroll({ factorId: factor.id }))
})

test('a telephone gets a code and raises the session', async () => {
  const { client } = await signedUp()
  const factor = ok(await client.auth.mfa.enroll({ factorType: 'phone', phone: '+15005550006', friendlyName: freshEmail() }))
  assert.equal(factor.phone, '+15005550006')
  const wrong = ok(await client.auth.mfa.challenge({ factorId: factor.id, channel: 'sms' }))
  fails(await client.auth.mfa.verify({ factorId: factor.id, challengeId: wrong.id, code: '654321' }), 'mfa_verification_failed', 422)
  ok(await client.auth.mfa.challengeAndVerify({ factorId: factor.id, code: '123456' }))
  assert.equal(ok(await client.auth.mfa.getAuthenticatorAssuranceLevel()).currentLevel, 'aal2')
  assert.equal(ok(await client.auth.mfa.listFactors()).phone[0].id, factor.id)
})
