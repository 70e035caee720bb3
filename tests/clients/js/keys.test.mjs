import assert from 'node:assert/strict'
import { test } from 'node:test'
import { createClient } from '@supabase/supabase-js'
import { anonKey, fails, ok, options, publishableKey, raw, secretKey, serviceKey, signedUp, url } from './env.mjs'

test('the publishable key is anon', async () => {
  const client = createClient(url, publishableKey, options)
  assert.equal(ok(await client.rpc('my_role')), 'anon')
  fails(await client.from('notes').select(), '42501', 401)
})

test('the secret key is the service role', async () => {
  const client = createClient(url, secretKey, options)
  assert.equal(ok(await client.rpc('my_role')), 'service_role')
  assert.deepEqual(ok(await client.from('employees').select('salary').eq('id', 2)), [{ salary: 6000 }])
  assert.equal((await client.auth.admin.listUsers()).error, null)
})

test('a user signs in through the publishable key', async () => {
  const { session } = await signedUp()
  const answer = await raw('/rest/v1/rpc/my_role', { key: publishableKey, token: session.access_token })
  assert.equal(await answer.json(), 'authenticated')
})

test('a key of the right form and the wrong value is 401', async () => {
  for (const key of [`${publishableKey.slice(0, -3)}xyz`, `${secretKey.slice(0, -3)}xyz`, `${anonKey.slice(0, -3)}xyz`]) {
    assert.equal((await raw('/rest/v1/films', { key })).status, 401)
  }
})

test('the anon key as a token is anon, the service key is the service role', async () => {
  assert.equal(await (await raw('/rest/v1/rpc/my_role', { token: anonKey })).json(), 'anon')
  assert.equal(await (await raw('/rest/v1/rpc/my_role', { key: serviceKey, token: serviceKey })).json(), 'service_role')
})
