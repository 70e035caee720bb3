// The rules of sessions ([auth] sessions) as the stock client meets them. The server under test is told them while it runs.
import assert from 'node:assert/strict'
import { after, test } from 'node:test'
import { setTimeout as wait } from 'node:timers/promises'
import { anon, ok, password, raw, secretKey, signedUp } from './env.mjs'

const path = '/auth/v1/admin/environment'
const free = { 'auth.sessions.single_per_user': null, 'auth.sessions.timebox': null, 'auth.sessions.inactivity_timeout': null }

async function only(settings) {
  const { base } = await (await raw(path, { key: secretKey })).json()
  const answer = await raw(path, { method: 'PATCH', key: secretKey, headers: { 'Content-Type': 'application/json' }, body: { base, settings: { ...free, ...settings } } })
  assert.equal(answer.status, 200, await answer.text())
}

after(() => only({}))

async function ended(client, token, code) {
  const { error } = await client.auth.refreshSession()
  assert.equal(error.code, code, error.message)
  assert.equal((await client.auth.getUser(token)).error?.name, 'AuthSessionMissingError')
  assert.equal((await raw('/rest/v1/notes', { token })).status, 401)
}

test('a single session per user is the last one begun', async () => {
  await only({ 'auth.sessions.single_per_user': 'true' })
  const { client, email, session } = await signedUp()
  const second = anon()
  ok(await second.auth.signInWithPassword({ email, password }))
  await ended(client, session.access_token, 'refresh_token_not_found')
  assert.equal((await second.auth.getUser()).error, null)
  assert.equal((await second.auth.refreshSession()).error, null)
})

test('a time box ends a session that is in use', async () => {
  await only({ 'auth.sessions.timebox': '"1h"' })
  const { client } = await signedUp()
  const { session } = ok(await client.auth.refreshSession())
  await only({ 'auth.sessions.timebox': '"1s"' })
  await wait(1500)
  await ended(client, session.access_token, 'session_expired')
})

test('an idle session ends', async () => {
  await only({ 'auth.sessions.inactivity_timeout': '"1h"' })
  const { client } = await signedUp()
  const { session } = ok(await client.auth.refreshSession())
  await only({ 'auth.sessions.inactivity_timeout': '"1s"' })
  await wait(1500)
  await ended(client, session.access_token, 'session_expired')
})

test('a user sees device, address and last use of every session and ends another', async () => {
  await only({})
  const { client, email, session } = await signedUp()
  const other = anon()
  ok(await other.auth.signInWithPassword({ email, password }))
  const { sessions } = await (await raw('/auth/v1/sessions', { token: session.access_token })).json()
  assert.equal(sessions.length, 2)
  for (const one of sessions) {
    assert.match(one.user_agent, /node/i)
    assert.match(one.ip, /^(127\.0\.0\.1|::1)$/)
    assert.ok(Date.parse(one.last_used_at) >= Date.parse(one.created_at))
  }
  const elsewhere = sessions.find((one) => !one.current)
  assert.equal((await raw(`/auth/v1/sessions/${elsewhere.id}`, { method: 'DELETE', token: session.access_token })).status, 204)
  assert.ok((await other.auth.refreshSession()).error)
  assert.equal((await client.auth.getUser()).error, null)
})
