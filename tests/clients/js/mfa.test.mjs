// Second factors, as an application uses them: enrol an authenticator app, verify, sign in again, lose the phone.
import assert from 'node:assert/strict'
import { createHmac } from 'node:crypto'
import { test } from 'node:test'
import { createClient } from '@supabase/supabase-js'
import { anonKey, fails, ok, options, password, signedUp, url } from './env.mjs'

const withRecoveryCodes = () =>
  createClient(url, anonKey, { ...options, auth: { ...options.auth, experimental: { recoveryCodes: true } } })

/** RFC 6238 with what every authenticator app assumes: SHA-1, 30 seconds, six digits. */
function totp(base32, at = Date.now()) {
  const bits = [...base32].map((c) => 'ABCDEFGHIJKLMNOPQRSTUVWXYZ234567'.indexOf(c).toString(2).padStart(5, '0')).join('')
  const key = Buffer.from(bits.match(/.{8}/g).map((byte) => parseInt(byte, 2)))
  const step = Buffer.alloc(8)
  step.writeBigUInt64BE(BigInt(Math.floor(at / 30000)))
  const mac = createHmac('sha1', key).update(step).digest()
  const offset = mac[19] & 15
  return String((mac.readUInt32BE(offset) & 0x7fffffff) % 1000000).padStart(6, '0')
}

async function enrolled(client) {
  const factor = ok(await client.auth.mfa.enroll({ factorType: 'totp', friendlyName: 'phone', issuer: 'Clients' }))
  assert.equal(factor.type, 'totp')
  assert.match(factor.totp.uri, /^otpauth:\/\/totp\/Clients:/)
  return factor
}

test('an authenticator app is enrolled, shown, and raises the session to aal2', async () => {
  const { client } = await signedUp()
  const factor = await enrolled(client)
  assert.ok(factor.totp.qr_code.startsWith('data:image/svg+xml;utf-8,<svg'))
  assert.ok(!factor.totp.qr_code.includes('#'), 'a # would end the data address')
  assert.equal(ok(await client.auth.mfa.listFactors()).totp.length, 0)
  assert.equal(ok(await client.auth.mfa.listFactors()).all[0].status, 'unverified')

  ok(await client.auth.mfa.challengeAndVerify({ factorId: factor.id, code: totp(factor.totp.secret) }))
  const level = ok(await client.auth.mfa.getAuthenticatorAssuranceLevel())
  assert.equal(level.currentLevel, 'aal2')
  assert.deepEqual(level.currentAuthenticationMethods.map((m) => m.method).sort(), ['password', 'totp'])
  assert.equal(ok(await client.auth.mfa.listFactors()).totp[0].id, factor.id)

  const { session } = ok(await client.auth.refreshSession())
  assert.equal(JSON.parse(Buffer.from(session.access_token.split('.')[1], 'base64url')).aal, 'aal2')
})

test('a new sign-in is at aal1 and says that aal2 is to be had', async () => {
  const { client, email } = await signedUp()
  const factor = await enrolled(client)
  ok(await client.auth.mfa.challengeAndVerify({ factorId: factor.id, code: totp(factor.totp.secret) }))
  ok(await client.auth.signInWithPassword({ email, password }))
  const level = ok(await client.auth.mfa.getAuthenticatorAssuranceLevel())
  assert.equal(level.currentLevel, 'aal1')
  assert.equal(level.nextLevel, 'aal2')
  fails(await client.auth.mfa.unenroll({ factorId: factor.id }), 'insufficient_aal', 422)
})

test('a wrong code is refused', async () => {
  const { client } = await signedUp()
  const factor = await enrolled(client)
  const wrong = totp(factor.totp.secret, Date.now() + 3600000)
  fails(await client.auth.mfa.challengeAndVerify({ factorId: factor.id, code: wrong }), 'mfa_verification_failed', 422)
})

test('recovery codes open the account once each', async () => {
  const { email } = await signedUp()
  const client = withRecoveryCodes()
  ok(await client.auth.signInWithPassword({ email, password }))
  const factor = await enrolled(client)
  ok(await client.auth.mfa.challengeAndVerify({ factorId: factor.id, code: totp(factor.totp.secret) }))
  const { codes } = ok(await client.auth.mfa.recoveryCodes.generate())
  assert.equal(codes.length, 10)

  ok(await client.auth.signInWithPassword({ email, password }))
  ok(await client.auth.mfa.recoveryCodes.verify({ code: codes[3].toUpperCase() }))
  assert.equal(ok(await client.auth.mfa.getAuthenticatorAssuranceLevel()).currentLevel, 'aal2')
  assert.equal(ok(await client.auth.mfa.recoveryCodes.getStatus()).remaining, 9)
  fails(await client.auth.mfa.recoveryCodes.verify({ code: codes[3] }), 'mfa_verification_failed', 422)
  ok(await client.auth.mfa.unenroll({ factorId: factor.id }))
})
