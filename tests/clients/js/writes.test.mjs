import assert from 'node:assert/strict'
import { test } from 'node:test'
import { anon, fails, ok, raw } from './env.mjs'

const db = anon()
const json = { 'Content-Type': 'application/json' }
const names = async (...ids) => ok(await db.from('items').select('name').in('id', ids).order('id')).map((r) => r.name)

test('insert without select answers 201 and no body', async () => {
  const result = await db.from('items').insert({ id: 1, name: 'one' })
  assert.equal(result.error, null)
  assert.equal(result.status, 201)
  assert.equal(result.data, null)
  assert.deepEqual(await names(1), ['one'])
})

test('insert returns the row with its defaults', async () => {
  const row = ok(await db.from('items').insert({ name: 'defaults' }).select().single())
  assert.ok(row.id >= 1000)
  assert.equal(row.quantity, 7)
  assert.equal(row.note, null)
  assert.match(row.made_at, /^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(\.\d{1,6})?\+00:00$/)
})

test('insert returns only the columns asked for', async () => {
  assert.deepEqual(ok(await db.from('items').insert({ id: 2, name: 'two' }).select('name,quantity')), [{ name: 'two', quantity: 7 }])
})

test('insert of many rows', async () => {
  const rows = ok(await db.from('items').insert([{ id: 3, name: 'a' }, { id: 4, name: 'b' }]).select('id,name').order('id'))
  assert.deepEqual(rows, [{ id: 3, name: 'a' }, { id: 4, name: 'b' }])
})

test('in a bulk insert a missing key is null, or the default when asked', async () => {
  const nulls = ok(await db.from('items').insert([{ id: 5, name: 'a', note: 'x' }, { id: 6, name: 'b' }]).select('note').order('id'))
  assert.deepEqual(nulls, [{ note: 'x' }, { note: null }])
  const rows = ok(await db.from('items')
    .insert([{ id: 7, name: 'a', quantity: 1 }, { id: 8, name: 'b' }], { defaultToNull: false }).select('quantity').order('id'))
  assert.deepEqual(rows, [{ quantity: 1 }, { quantity: 7 }])
})

test('a bulk insert whose keys differ needs columns', async () => {
  const answer = await raw('/rest/v1/items', { method: 'POST', headers: json, body: [{ id: 9, name: 'a' }, { id: 10 }] })
  assert.equal(answer.status, 400)
  assert.equal((await answer.json()).code, 'PGRST102')
})

test('columns picks the keys that are used', async () => {
  const answer = await raw('/rest/v1/items?columns=id,name&select=id,note', {
    method: 'POST', headers: { ...json, Prefer: 'return=representation' }, body: { id: 11, name: 'a', note: 'ignored', nonsense: 1 },
  })
  assert.equal(answer.status, 201)
  assert.deepEqual(await answer.json(), [{ id: 11, note: null }])
})

test('an insert that fails leaves no row of the statement', async () => {
  fails(await db.from('items').insert([{ id: 12, name: 'good' }, { id: 13, name: null }]), '23502', 400)
  assert.deepEqual(await names(12, 13), [])
})

test('insert takes csv', async () => {
  const answer = await raw('/rest/v1/items?select=id,name,note', {
    method: 'POST', headers: { 'Content-Type': 'text/csv', Prefer: 'return=representation' },
    body: 'id,name,note\n14,"comma, quoted ""q""",NULL\n15,plain,text\n',
  })
  assert.equal(answer.status, 201)
  assert.deepEqual(await answer.json(), [{ id: 14, name: 'comma, quoted "q"', note: null }, { id: 15, name: 'plain', note: 'text' }])
})

test('headers-only gives the location of the new row', async () => {
  const answer = await raw('/rest/v1/items', { method: 'POST', headers: { ...json, Prefer: 'return=headers-only' }, body: { id: 16, name: 'x' } })
  assert.equal(answer.status, 201)
  assert.equal(answer.headers.get('location'), '/items?id=eq.16')
  assert.equal(await answer.text(), '')
})

test('insert counts when asked', async () => {
  const result = await db.from('items').insert([{ id: 17, name: 'a' }, { id: 18, name: 'b' }], { count: 'exact' })
  assert.equal(result.error, null)
  assert.equal(result.count, 2)
})

test('update changes what the filter matches and returns it', async () => {
  ok(await db.from('items').insert([{ id: 20, name: 'a' }, { id: 21, name: 'b' }]))
  const rows = ok(await db.from('items').update({ name: 'changed' }).eq('id', 20).select('id,name'))
  assert.deepEqual(rows, [{ id: 20, name: 'changed' }])
  assert.deepEqual(await names(20, 21), ['changed', 'b'])
})

test('update without select answers 204', async () => {
  ok(await db.from('items').insert({ id: 22, name: 'a' }))
  const result = await db.from('items').update({ note: 'n' }).eq('id', 22)
  assert.equal(result.error, null)
  assert.equal(result.status, 204)
})

test('an update that matches nothing returns an empty array', async () => {
  assert.deepEqual(ok(await db.from('items').update({ name: 'x' }).eq('id', 999999).select()), [])
})

test('an update with an empty object changes nothing', async () => {
  ok(await db.from('items').insert({ id: 23, name: 'a' }))
  assert.deepEqual(ok(await db.from('items').update({}).eq('id', 23).select()), [])
})

test('update counts when asked', async () => {
  ok(await db.from('items').insert([{ id: 24, name: 'a' }, { id: 25, name: 'b' }]))
  const result = await db.from('items').update({ note: 'n' }, { count: 'exact' }).in('id', [24, 25])
  assert.equal(result.count, 2)
})

test('single on a write that matches nothing rolls it back with PGRST116', async () => {
  ok(await db.from('items').insert([{ id: 26, name: 'a' }, { id: 27, name: 'b' }]))
  fails(await db.from('items').update({ name: 'both' }).in('id', [26, 27]).select().single(), 'PGRST116', 406)
  assert.deepEqual(await names(26, 27), ['a', 'b'])
})

test('upsert merges on the primary key', async () => {
  ok(await db.from('items').insert({ id: 30, name: 'old', note: 'kept' }))
  const rows = ok(await db.from('items').upsert([{ id: 30, name: 'new' }, { id: 31, name: 'added' }]).select('id,name,note').order('id'))
  assert.deepEqual(rows, [{ id: 30, name: 'new', note: 'kept' }, { id: 31, name: 'added', note: null }])
})

test('upsert can ignore duplicates', async () => {
  ok(await db.from('items').insert({ id: 32, name: 'old' }))
  const rows = ok(await db.from('items').upsert([{ id: 32, name: 'new' }, { id: 33, name: 'added' }], { ignoreDuplicates: true }).select('id'))
  assert.deepEqual(rows, [{ id: 33 }])
  assert.deepEqual(await names(32, 33), ['old', 'added'])
})

test('upsert takes another unique column as target', async () => {
  ok(await db.from('items').insert({ id: 34, name: 'old', code: 'c34' }))
  const rows = ok(await db.from('items').upsert({ name: 'new', code: 'c34' }, { onConflict: 'code' }).select('id,name'))
  assert.deepEqual(rows, [{ id: 34, name: 'new' }])
})

test('upsert on a composite key', async () => {
  ok(await db.from('stock').insert({ shop: 1, item: 1, amount: 5 }))
  const rows = ok(await db.from('stock').upsert([{ shop: 1, item: 1, amount: 6 }, { shop: 1, item: 2, amount: 1 }], { onConflict: 'shop,item' })
    .select().order('item'))
  assert.deepEqual(rows, [{ shop: 1, item: 1, amount: 6 }, { shop: 1, item: 2, amount: 1 }])
})

test('PUT makes or replaces one row by its key', async () => {
  const put = (path, body) => raw(path, { method: 'PUT', headers: { ...json, Prefer: 'return=representation' }, body })
  const made = await put('/rest/v1/stock?shop=eq.2&item=eq.1', { shop: 2, item: 1, amount: 3 })
  assert.equal(made.status, 201)
  const replaced = await put('/rest/v1/stock?shop=eq.2&item=eq.1', { shop: 2, item: 1, amount: 4 })
  assert.equal(replaced.status, 200)
  assert.deepEqual(await replaced.json(), [{ shop: 2, item: 1, amount: 4 }])
  const mismatch = await put('/rest/v1/stock?shop=eq.2&item=eq.1', { shop: 2, item: 9, amount: 4 })
  assert.equal((await mismatch.json()).code, 'PGRST115')
  const partial = await put('/rest/v1/stock?shop=eq.2', { shop: 2, item: 1, amount: 4 })
  assert.equal(partial.status, 405)
  assert.equal((await partial.json()).code, 'PGRST105')
})

test('delete removes what the filter matches and returns it', async () => {
  ok(await db.from('items').insert([{ id: 40, name: 'a' }, { id: 41, name: 'b' }]))
  assert.deepEqual(ok(await db.from('items').delete().eq('id', 40).select('id')), [{ id: 40 }])
  assert.deepEqual(await names(40, 41), ['b'])
})

test('delete without select answers 204 and counts when asked', async () => {
  ok(await db.from('items').insert([{ id: 42, name: 'a' }, { id: 43, name: 'b' }]))
  const result = await db.from('items').delete({ count: 'exact' }).in('id', [42, 43])
  assert.equal(result.status, 204)
  assert.equal(result.count, 2)
})

test('maxAffected refuses and undoes a larger write', async () => {
  ok(await db.from('items').insert([{ id: 44, name: 'a' }, { id: 45, name: 'b' }]))
  fails(await db.from('items').delete().in('id', [44, 45]).maxAffected(1), 'PGRST124', 400)
  assert.deepEqual(await names(44, 45), ['a', 'b'])
  assert.equal((await db.from('items').delete().eq('id', 44).maxAffected(1)).error, null)
})

test('a write returns embeds', async () => {
  ok(await db.from('parents').insert({ id: 1, name: 'p' }))
  const rows = ok(await db.from('children').insert({ id: 1, parent_id: 1, name: 'c' }).select('name,parents(name)'))
  assert.deepEqual(rows, [{ name: 'c', parents: { name: 'p' } }])
})

test('a duplicate key is 23505 and 409', async () => {
  ok(await db.from('items').insert({ id: 50, name: 'a', code: 'c50' }))
  const error = fails(await db.from('items').insert({ id: 50, name: 'b' }), '23505', 409)
  assert.match(error.message, /items_pkey/)
  assert.match(fails(await db.from('items').insert({ id: 51, name: 'b', code: 'c50' }), '23505', 409).message, /items_code_key/)
})

test('a missing parent is 23503 and 409', async () => {
  assert.match(fails(await db.from('children').insert({ id: 9, parent_id: 999, name: 'x' }), '23503', 409).message, /children_parent_id_fkey/)
})

test('a parent with children cannot go', async () => {
  ok(await db.from('parents').insert({ id: 2, name: 'p' }))
  ok(await db.from('children').insert({ id: 2, parent_id: 2, name: 'c' }))
  fails(await db.from('parents').delete().eq('id', 2), '23503', 409)
})

test('a failed check is 23514', async () => {
  const error = fails(await db.from('items').insert({ id: 52, name: 'a', quantity: -1 }), '23514', 400)
  assert.match(error.message, /items_quantity_check/)
})

test('a value of the wrong type is refused', async () => {
  fails(await db.from('items').insert({ id: 53, name: 'a', quantity: 'many' }), '22P02', 400)
})

test('an unknown column is PGRST204', async () => {
  const error = fails(await db.from('items').insert({ id: 54, name: 'a', colour: 'red' }), 'PGRST204', 400)
  assert.match(error.message, /'colour' column of 'items'/)
})

test('broken json is PGRST102', async () => {
  const answer = await raw('/rest/v1/items', { method: 'POST', headers: json, body: '{"id": 55,' })
  assert.equal(answer.status, 400)
  assert.equal((await answer.json()).code, 'PGRST102')
})

test('an unknown content type is refused', async () => {
  const answer = await raw('/rest/v1/items', { method: 'POST', headers: { 'Content-Type': 'application/yaml' }, body: 'a: 1' })
  assert.ok([400, 415].includes(answer.status), `status ${answer.status}`)
  assert.equal((await answer.json()).code, 'PGRST102')
})

test('the preferences applied are named', async () => {
  const answer = await raw('/rest/v1/items', {
    method: 'POST', headers: { ...json, Prefer: 'return=representation, count=exact' }, body: { id: 56, name: 'a' },
  })
  assert.equal(answer.headers.get('preference-applied'), 'return=representation, count=exact')
})
