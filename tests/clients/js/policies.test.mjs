import assert from 'node:assert/strict'
import { test } from 'node:test'
import { anon, fails, ok, raw, service, signedUp } from './env.mjs'

test('a user sees and changes only the own rows', async () => {
  const ann = await signedUp()
  const ben = await signedUp()
  const note = ok(await ann.client.from('notes').insert({ body: 'of ann' }).select().single())
  assert.equal(note.user_id, ann.user.id)
  assert.deepEqual(ok(await ben.client.from('notes').select()), [])
  assert.deepEqual(ok(await ben.client.from('notes').update({ body: 'taken' }).eq('id', note.id).select()), [])
  assert.deepEqual(ok(await ben.client.from('notes').delete().eq('id', note.id).select()), [])
  assert.deepEqual(ok(await ann.client.from('notes').select('body')), [{ body: 'of ann' }])
})

test('a count tells only of own rows', async () => {
  const ann = await signedUp()
  const ben = await signedUp()
  ok(await ann.client.from('notes').insert([{ body: '1' }, { body: '2' }]))
  assert.equal((await ann.client.from('notes').select('*', { count: 'exact', head: true })).count, 2)
  assert.equal((await ben.client.from('notes').select('*', { count: 'exact', head: true })).count, 0)
})

test('a row for somebody else is refused with 42501 and 403', async () => {
  const ann = await signedUp()
  const ben = await signedUp()
  const error = fails(await ann.client.from('notes').insert({ user_id: ben.user.id, body: 'x' }), '42501', 403)
  assert.match(error.message, /row-level security policy for table "notes"/)
})

test('a row cannot be given away', async () => {
  const ann = await signedUp()
  const ben = await signedUp()
  const note = ok(await ann.client.from('notes').insert({ body: 'mine' }).select().single())
  fails(await ann.client.from('notes').update({ user_id: ben.user.id }).eq('id', note.id), '42501', 403)
})

test('without a grant the answer is 42501: 401 for anon, 403 signed in', async () => {
  const error = fails(await anon().from('sealed').select(), '42501', 401)
  assert.match(error.message, /permission denied for table sealed/)
  const { client } = await signedUp()
  fails(await client.from('sealed').select(), '42501', 403)
  fails(await anon().from('notes').select(), '42501', 401)
})

test('a column without a grant is refused wherever it is named', async () => {
  const db = anon()
  assert.deepEqual(ok(await db.from('employees').select('id,name').order('id')), [{ id: 1, name: 'Edda' }, { id: 2, name: 'Finn' }])
  fails(await db.from('employees').select('salary'), '42501', 401)
  fails(await db.from('employees').select('id').gt('salary', 5500), '42501', 401)
  fails(await db.from('employees').select('id').order('salary'), '42501', 401)
  fails(await db.from('employees').select(), '42501', 401)
})

test('the service key passes policies', async () => {
  const ann = await signedUp()
  ok(await ann.client.from('notes').insert({ body: 'seen by the server' }))
  const rows = ok(await service().from('notes').select('body').eq('user_id', ann.user.id))
  assert.deepEqual(rows, [{ body: 'seen by the server' }])
  assert.deepEqual(ok(await service().from('employees').select('salary').eq('id', 1)), [{ salary: 5000 }])
})

test('a sign-up fires the trigger that makes a profile', async () => {
  const ann = await signedUp({ name: 'Ann Profile' })
  const profile = ok(await ann.client.from('profiles').select().eq('id', ann.user.id).single())
  assert.deepEqual(profile, { id: ann.user.id, email: ann.email, display_name: 'Ann Profile' })
})

test('a profile is changed by its owner only', async () => {
  const ann = await signedUp({ name: 'Ann' })
  const ben = await signedUp({ name: 'Ben' })
  assert.deepEqual(ok(await ben.client.from('profiles').update({ display_name: 'x' }).eq('id', ann.user.id).select()), [])
  assert.deepEqual(ok(await ann.client.from('profiles').update({ display_name: 'Anna' }).eq('id', ann.user.id).select('display_name')),
    [{ display_name: 'Anna' }])
})

test('membership by a helper function opens teams and messages, embedded too', async () => {
  const ann = await signedUp()
  assert.deepEqual(ok(await ann.client.from('teams').select()), [])
  ok(await service().from('team_members').insert({ team_id: 1, user_id: ann.user.id }))
  assert.deepEqual(ok(await ann.client.from('teams').select('name,messages(body)')), [{ name: 'red', messages: [{ body: 'to the reds' }] }])
  assert.deepEqual(ok(await ann.client.from('messages').select('body,teams!inner(name)')), [{ body: 'to the reds', teams: { name: 'red' } }])
  fails(await ann.client.from('messages').insert({ id: 900, team_id: 2, body: 'x' }), '42501', 403)
})

test('auth.uid() and auth.role() are the caller', async () => {
  const ann = await signedUp()
  assert.equal(ok(await ann.client.rpc('my_id')), ann.user.id)
  assert.equal(ok(await ann.client.rpc('my_role')), 'authenticated')
  assert.equal(ok(await anon().rpc('my_id')), null)
  assert.equal(ok(await anon().rpc('my_role')), 'anon')
})

test('a caller without a key is anon', async () => {
  const answer = await fetch(`${process.env.TENON_URL}/rest/v1/films?select=id&limit=1`)
  assert.ok([200, 401].includes(answer.status))
  const secret = await raw('/rest/v1/notes')
  assert.equal(secret.status, 401)
})
