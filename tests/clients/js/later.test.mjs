// What is not built yet says so in the shape that each client understands.
import assert from 'node:assert/strict'
import { test } from 'node:test'
import { anon, raw } from './env.mjs'

test('storage answers 501 in its own shape', async () => {
  const { data, error } = await anon().storage.from('files').list()
  assert.equal(data, null)
  assert.ok(error.message)
  const answer = await raw('/storage/v1/bucket')
  assert.equal(answer.status, 501)
  const body = await answer.json()
  assert.ok(body.message)
  assert.ok(body.error)
})

test('functions answer 501', async () => {
  const { error } = await anon().functions.invoke('anything')
  assert.equal(error.name, 'FunctionsHttpError')
  assert.equal(error.context.status, 501)
})

test('a realtime join gets a clear error', async () => {
  const client = anon()
  const channel = client.channel('room')
  const status = await new Promise((resolve) => channel.subscribe((s, error) => resolve({ s, error }), 5000))
  assert.equal(status.s, 'CHANNEL_ERROR', 'an error is said, not waited for')
  assert.match(status.error.message, /realtime is not built yet/)
  await client.removeAllChannels()
  client.realtime.disconnect()
})
