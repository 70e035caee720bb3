import assert from 'node:assert/strict'
import { randomUUID } from 'node:crypto'
import { test } from 'node:test'
import { anon, freshEmail, ok, password, raw, service, signedUp } from './env.mjs'

const admin = () => service().auth.admin

test('create a user, confirmed, with metadata', async () => {
  const email = freshEmail()
  const { user } = ok(await admin().createUser({
    email, password, email_confirm: true, user_metadata: { name: 'Made' }, app_metadata: { plan: 'gold' },
  }))
  assert.equal(user.email, email)
  assert.ok(user.email_confirmed_at)
  assert.equal(user.user_metadata.name, 'Made')
  assert.equal(user.app_metadata.plan, 'gold')
  assert.equal(ok(await anon().auth.signInWithPassword({ email, password })).user.id, user.id)
})

test('create a user with a given id', async () => {
  const id = randomUUID()
  assert.equal(ok(await admin().createUser({ id, email: freshEmail(), email_confirm: true })).user.id, id)
})

test('an unconfirmed user cannot sign in', async () => {
  const email = freshEmail()
  ok(await admin().createUser({ email, password }))
  const { error } = await anon().auth.signInWithPassword({ email, password })
  assert.equal(error.status, 400)
  assert.equal(error.code, 'email_not_confirmed')
})

test('a taken address is refused', async () => {
  const { email } = await signedUp()
  const { error } = await admin().createUser({ email, password })
  assert.equal(error.status, 422)
  assert.equal(error.code, 'email_exists')
})

test('get a user by id, and refuse an unknown one', async () => {
  const { user } = await signedUp()
  assert.equal(ok(await admin().getUserById(user.id)).user.email, user.email)
  const { error } = await admin().getUserById(randomUUID())
  assert.equal(error.status, 404)
  assert.equal(error.code, 'user_not_found')
})

test('list users in pages', async () => {
  await signedUp()
  await signedUp()
  const page = ok(await admin().listUsers({ page: 1, perPage: 1 }))
  assert.equal(page.users.length, 1)
  assert.equal(page.aud, 'authenticated')
  assert.ok(page.total >= 2)
  assert.equal(page.nextPage, 2)
})

test('update a user', async () => {
  const { user, email } = await signedUp({ name: 'Old' })
  const updated = ok(await admin().updateUserById(user.id, {
    password: 'a new long phrase', user_metadata: { name: 'New' }, app_metadata: { plan: 'silver' },
  })).user
  assert.equal(updated.user_metadata.name, 'New')
  assert.equal(updated.app_metadata.plan, 'silver')
  assert.equal(updated.app_metadata.provider, 'email')
  ok(await anon().auth.signInWithPassword({ email, password: 'a new long phrase' }))
})

test('app metadata is in the next token', async () => {
  const { user, client } = await signedUp()
  ok(await admin().updateUserById(user.id, { app_metadata: { plan: 'gold' } }))
  const { session } = ok(await client.auth.refreshSession())
  const claims = JSON.parse(Buffer.from(session.access_token.split('.')[1], 'base64url'))
  assert.equal(claims.app_metadata.plan, 'gold')
})

test('a banned user cannot sign in or refresh', async () => {
  const { user, email, client } = await signedUp()
  const banned = ok(await admin().updateUserById(user.id, { ban_duration: '24h' })).user
  assert.ok(banned.banned_until)
  const signIn = await anon().auth.signInWithPassword({ email, password })
  assert.equal(signIn.error.code, 'user_banned')
  assert.ok((await client.auth.refreshSession()).error)
  ok(await admin().updateUserById(user.id, { ban_duration: 'none' }))
  ok(await anon().auth.signInWithPassword({ email, password }))
})

test('delete a user, its sessions and its rows', async () => {
  const { user, client, session } = await signedUp()
  ok(await client.from('notes').insert({ body: 'gone with the user' }))
  assert.equal((await admin().deleteUser(user.id)).error, null)
  assert.equal((await admin().getUserById(user.id)).error.status, 404)
  assert.equal((await raw('/auth/v1/user', { token: session.access_token })).status, 403)
  const left = ok(await service().from('notes').select('id').eq('user_id', user.id))
  assert.deepEqual(left, [])
})

test('sign a user out by the admin api', async () => {
  const { session } = await signedUp()
  assert.equal((await admin().signOut(session.access_token, 'global')).error, null)
  assert.equal((await raw('/auth/v1/user', { token: session.access_token })).status, 403)
})
