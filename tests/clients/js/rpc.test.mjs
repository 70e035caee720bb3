import assert from 'node:assert/strict'
import { test } from 'node:test'
import { anon, fails, ok, raw } from './env.mjs'

const db = anon()

test('a function with named arguments gives its value', async () => {
  assert.equal(ok(await db.rpc('add_them', { a: 2, b: 3 })), 5)
})

test('a function may be called by GET when it only reads', async () => {
  assert.equal(ok(await db.rpc('add_them', { a: 2, b: 3 }, { get: true })), 5)
})

test('an argument with a default may be left out', async () => {
  assert.equal(ok(await db.rpc('greet')), 'Hello, world!')
  assert.equal(ok(await db.rpc('greet', { name: 'Ann' })), 'Hello, Ann!')
})

test('a set-returning function filters, orders, selects and limits', async () => {
  const rows = ok(await db.rpc('films_since', { first_year: 1960 }).select('id,title').neq('kind', 'comedy').order('id', { ascending: false }).limit(1))
  assert.deepEqual(rows, [{ id: 6, title: 'Untitled, "lost" (1999)' }])
})

test('a set-returning function embeds', async () => {
  const rows = ok(await db.rpc('films_since', { first_year: 2000 }).select('title,director:people!director_id(name)'))
  assert.deepEqual(rows, [{ title: 'Faces Places', director: { name: 'Agnès Varda' } }])
})

test('a set-returning function counts', async () => {
  const result = await db.rpc('films_since', { first_year: 1960 }, { count: 'exact' })
  assert.equal(ok(result).length, 4)
  assert.equal(result.count, 4)
})

test('a function that returns a table gives rows', async () => {
  const rows = ok(await db.rpc('film_count_by_year').gt('year', 1998))
  assert.deepEqual(rows, [{ year: 1999, films: 1 }, { year: 2017, films: 1 }])
})

test('a function that returns one row gives an object', async () => {
  const row = ok(await db.rpc('first_film').select('id,title'))
  assert.deepEqual(Array.isArray(row) ? row[0] : row, { id: 1, title: 'Seven Samurai' })
})

test('a scalar function over a table', async () => {
  assert.equal(ok(await db.rpc('total_stars', { film: 1 })), 14)
})

test('a volatile function writes, but not by GET', async () => {
  ok(await db.from('items').insert({ id: 201, name: 'bumped', quantity: 1 }))
  const rows = ok(await db.rpc('bump', { item_id: 201, by: 4 }).select('id,quantity'))
  assert.deepEqual(rows, [{ id: 201, quantity: 5 }])
  const refused = await raw('/rest/v1/rpc/bump?item_id=201')
  assert.equal(refused.status, 405)
  assert.equal((await refused.json()).code, '25006')
})

test('a void function answers 204', async () => {
  ok(await db.from('items').insert({ id: 202, name: 'noted', note: 'x' }))
  const result = await db.rpc('clear_note', { item_id: 202 })
  assert.equal(result.error, null)
  assert.equal(result.status, 204)
  assert.deepEqual(ok(await db.from('items').select('note').eq('id', 202)), [{ note: null }])
})

test('a raised exception keeps its code, message, detail and hint', async () => {
  const error = fails(await db.rpc('always_fails'), 'P0001', 400)
  assert.equal(error.message, 'out of order')
  assert.equal(error.details, 'the machine is broken')
  assert.equal(error.hint, 'come back later')
})

test('an unknown function is PGRST202', async () => {
  fails(await db.rpc('no_such_function'), 'PGRST202', 404)
})

test('wrong argument names are PGRST202 with a hint', async () => {
  const error = fails(await db.rpc('add_them', { a: 1, c: 2 }), 'PGRST202', 404)
  assert.match(error.message, /add_them\(a, c\)/)
})

test('an argument of the wrong type is 22P02', async () => {
  fails(await db.rpc('add_them', { a: 'x', b: 1 }), '22P02', 400)
})
