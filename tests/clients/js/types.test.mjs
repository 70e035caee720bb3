import assert from 'node:assert/strict'
import { test } from 'node:test'
import { anon, fails, ok, raw } from './env.mjs'

const db = anon()
const member = async (id, column) => {
  const text = await (await raw(`/rest/v1/samples?select=${column}&id=eq.${id}`)).text()
  return text.slice(`[{"${column}":`.length, -2)
}

// The bytes of each member as PostgreSQL's JSON has them; whitespace inside json and jsonb aside.
const first = {
  flag: 'true', small: '-32768', whole: '2147483647', big: '9223372036854775807',
  exact: '12345678901234567890.123456789', money: '1234.50', approx: '0.1', words: '"line\\n\\"quoted\\" \\\\ ä€😀"',
  short: '"short"', ident: '"a0eebc99-9c0b-4ef8-bb6d-6bb9bd380a11"', day: '"2024-02-29"', clock: '"13:14:15.5"',
  local_at: '"2024-01-02T03:04:05.123456"', at: '"2024-01-02T01:04:05.12+00:00"', span: '"1 mon 2 days 03:04:05"',
  bytes: '"\\\\xdeadbeef"', numbers: '[1,2,null]', labels: '["a","b c"]', feeling: '"happy"',
}

for (const [column, expected] of Object.entries(first)) {
  test(`${column} comes out exactly`, async () => assert.equal(await member(1, column), expected))
}

test('json and jsonb come out as values, jsonb without its duplicates', async () => {
  const [row] = ok(await db.from('samples').select('raw,doc').eq('id', 1))
  assert.deepEqual(row, { raw: { a: [1, 2], b: 1 }, doc: { a: [1, 2], b: 2 } })
})

test('every type has a null', async () => {
  const [row] = ok(await db.from('samples').select().eq('id', 2))
  assert.ok(Object.entries(row).every(([k, v]) => k === 'id' || v === null))
})

test('empty and zero values come out as they are', async () => {
  const [row] = ok(await db.from('samples').select().eq('id', 3))
  assert.deepEqual(row, {
    id: 3, flag: false, small: 0, whole: 0, big: 0, exact: 0, money: 0, approx: 0, words: '', short: '',
    ident: '00000000-0000-0000-0000-000000000000', day: '1999-12-31', clock: '00:00:00', local_at: '1999-12-31T23:59:59',
    at: '1999-12-31T23:59:59+00:00', span: '00:00:00', raw: null, doc: [], bytes: '\\x', numbers: [], labels: [], feeling: 'sad',
  })
})

test('what goes in comes out', async () => {
  const row = {
    id: 100, flag: true, small: 1, whole: 2, big: 3, exact: 4.5, money: 6.75, approx: 1e-7, words: 'wörter', short: 'ten chars!',
    ident: '11111111-2222-4333-8444-555555555555', day: '2030-01-01', clock: '23:59:59.999999', local_at: '2030-01-01T00:00:00',
    at: '2030-06-01T12:00:00.5+00:00', span: '1 year', raw: [1, { a: null }], doc: { z: 1, a: [true] }, bytes: '\\x00ff',
    numbers: [3, 2, 1], labels: ['x', 'y,z', '"q"'], feeling: 'ok',
  }
  assert.deepEqual(ok(await db.from('samples').insert(row).select().single()), row)
})

test('a large int8 goes in and out without rounding', async () => {
  const answer = await raw('/rest/v1/samples?select=big', {
    method: 'POST', headers: { 'Content-Type': 'application/json', Prefer: 'return=representation' }, body: '{"id":101,"big":9007199254740993}',
  })
  assert.equal(await answer.text(), '[{"big":9007199254740993}]')
})

test('a number in a string is taken for a number', async () => {
  const row = ok(await db.from('samples').insert({ id: 102, whole: '12', exact: '1.10' }).select('whole,exact::text').single())
  assert.deepEqual(row, { whole: 12, exact: '1.10' })
})

test('numeric(12,2) is rounded to its scale', async () => {
  const row = ok(await db.from('samples').insert({ id: 103, money: 1.005 }).select('money::text').single())
  assert.deepEqual(row, { money: '1.01' })
})

test('out of range is 22003', async () => {
  fails(await db.from('samples').insert({ id: 104, small: 40000 }), '22003', 400)
  fails(await db.from('samples').insert({ id: 104, whole: 3000000000 }), '22003', 400)
})

test('too long for varchar is 22001', async () => {
  fails(await db.from('samples').insert({ id: 105, short: 'eleven chars' }), '22001', 400)
})

test('a label outside the enum is 22P02', async () => {
  const error = fails(await db.from('samples').insert({ id: 106, feeling: 'angry' }), '22P02', 400)
  assert.match(error.message, /invalid input value for enum mood: "angry"/)
})

test('an impossible date is 22008', async () => {
  fails(await db.from('samples').insert({ id: 107, day: '2023-02-30' }), '22008', 400)
})

test('a malformed uuid is 22P02', async () => {
  fails(await db.from('samples').select('id').eq('ident', 'not-a-uuid'), '22P02', 400)
})
