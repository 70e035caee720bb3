import assert from 'node:assert/strict'
import { test } from 'node:test'
import { anon, fails, ok, raw } from './env.mjs'

const db = anon()
const films = () => db.from('films').select('id').order('id')
const ids = async (query) => ok(await query).map((r) => r.id)
const rest = async (query) => {
  const answer = await raw(`/rest/v1/${query}`)
  assert.equal(answer.status, 200, await answer.clone().text())
  return (await answer.json()).map((r) => r.id)
}

test('eq, neq, gt, gte, lt, lte', async () => {
  assert.deepEqual(await ids(films().eq('year', 1957)), [3])
  assert.deepEqual(await ids(films().neq('kind', 'drama')), [4, 5, 6])
  assert.deepEqual(await ids(films().gt('year', 1970)), [5, 6])
  assert.deepEqual(await ids(films().gte('year', 1970)), [4, 5, 6])
  assert.deepEqual(await ids(films().lt('year', 1957)), [1])
  assert.deepEqual(await ids(films().lte('year', 1957)), [1, 3])
})

test('a comparison with null finds nothing, neq neither', async () => {
  assert.deepEqual(await ids(films().neq('rating', 8.6)), [2, 3, 4, 5])
})

test('numeric compares exactly', async () => {
  assert.deepEqual(await ids(films().eq('rating', '8.60')), [1])
  assert.deepEqual(await ids(films().gt('rating', '7.9')), [1, 3])
})

test('like is case-sensitive, ilike is not, both take * and %', async () => {
  assert.deepEqual(await ids(films().like('title', 'Sev%')), [1])
  assert.deepEqual(await ids(films().like('title', 'sev%')), [])
  assert.deepEqual(await ids(films().like('title', '*Seven*')), [1, 3])
  assert.deepEqual(await ids(films().ilike('title', '%SEVEN%')), [1, 3])
  assert.deepEqual(await ids(films().like('title', '_even%')), [1])
})

test('ilike folds letters beyond ASCII', async () => {
  assert.deepEqual(await ids(films().ilike('title', 'CLÉO%')), [2])
})

test('like all and any of several patterns', async () => {
  assert.deepEqual(await ids(films().likeAllOf('title', ['%Seven%', '%Seal'])), [3])
  assert.deepEqual(await ids(films().likeAnyOf('title', ['Seven%', 'Faces%'])), [1, 5])
  assert.deepEqual(await ids(films().ilikeAllOf('title', ['%seven%', '%SAMURAI'])), [1])
  assert.deepEqual(await ids(films().ilikeAnyOf('title', ['seven%', 'FACES%'])), [1, 5])
})

test('match and imatch take a regular expression', async () => {
  assert.deepEqual(await rest('films?select=id&title=match.^S.*i$&order=id'), [1])
  assert.deepEqual(await rest('films?select=id&title=imatch.^s.*I$&order=id'), [1])
})

test('is null, true, false and not null', async () => {
  assert.deepEqual(await ids(films().is('rating', null)), [6])
  assert.deepEqual(await ids(films().is('in_colour', true)), [4, 5, 6])
  assert.deepEqual(await ids(films().is('in_colour', false)), [1, 2, 3])
  assert.deepEqual(await ids(films().not('rating', 'is', null)), [1, 2, 3, 4, 5])
  assert.deepEqual(await rest('films?select=id&rating=is.not_null&order=id'), [1, 2, 3, 4, 5])
})

test('in a list, with quotes where a value has a comma', async () => {
  assert.deepEqual(await ids(films().in('id', [1, 3, 99])), [1, 3])
  const list = encodeURIComponent('("Untitled, \\"lost\\" (1999)","Faces Places")')
  assert.deepEqual(await rest(`films?select=id&title=in.${list}&order=id`), [5, 6])
  assert.deepEqual(await ids(films().in('id', [])), [])
  assert.deepEqual(await ids(films().not('id', 'in', '(1,2,3)')), [4, 5, 6])
})

test('isdistinct treats null as a value', async () => {
  assert.deepEqual(await rest('films?select=id&rating=isdistinct.8.6&order=id'), [2, 3, 4, 5, 6])
})

test('filters on one column are joined by and', async () => {
  assert.deepEqual(await ids(films().gt('year', 1955).lt('year', 1965)), [2, 3])
})

test('or joins filters, and nests', async () => {
  assert.deepEqual(await ids(films().or('year.lt.1955,year.gt.2000')), [1, 5])
  assert.deepEqual(await ids(films().or('id.eq.6,and(kind.eq.comedy,year.gt.2000)')), [5, 6])
  assert.deepEqual(await ids(films().or('id.in.(1,2),not.and(in_colour.is.true,year.gt.0)')), [1, 2, 3])
  assert.deepEqual(await rest('films?select=id&not.or=(year.lt.1960,kind.eq.comedy)&order=id'), [2, 6])
})

test('or and plain filters are joined by and', async () => {
  assert.deepEqual(await ids(films().eq('kind', 'drama').or('year.eq.1954,year.eq.1957')), [1, 3])
})

test('a tree takes quoted values with reserved characters', async () => {
  assert.deepEqual(await ids(films().or('title.eq."Untitled, \\"lost\\" (1999)",id.eq.1')), [1, 6])
})

test('not negates any operator', async () => {
  assert.deepEqual(await ids(films().not('title', 'like', '%e%')), [2])
  assert.deepEqual(await ids(films().not('year', 'gte', 1970)), [1, 2, 3])
})

test('any and all take several operands', async () => {
  assert.deepEqual(await rest('films?select=id&year=eq(any).{1954,1957}&order=id'), [1, 3])
  assert.deepEqual(await rest('films?select=id&year=gt(all).{1954,1957}&order=id'), [2, 4, 5, 6])
})

test('match takes an object of equalities', async () => {
  assert.deepEqual(await ids(films().match({ kind: 'drama', director_id: 3 })), [3])
})

test('filter takes any operator by name', async () => {
  assert.deepEqual(await ids(films().filter('id', 'in', '(2,4)')), [2, 4])
})

test('filters reach into json', async () => {
  assert.deepEqual(await ids(films().eq('facts->crew->>camera', 'Nakai')), [1])
  assert.deepEqual(await ids(films().gt('facts->length', 100)), [1, 4])
})

test('arrays: contains, contained by, overlaps', async () => {
  assert.deepEqual(await ids(films().contains('tags', ['paris'])), [2, 5])
  assert.deepEqual(await ids(films().containedBy('tags', ['paris', 'road', 'x'])), [2, 5, 6])
  assert.deepEqual(await ids(films().overlaps('tags', ['war', 'chess'])), [1, 3])
})

test('jsonb: contains', async () => {
  assert.deepEqual(await ids(films().contains('facts', { length: 96 })), [3])
  assert.deepEqual(await ids(films().contains('facts', { awards: ['eye'] })), [5])
})

test('a date compares as a date', async () => {
  const rows = ok(await db.from('people').select('id').lt('born', '1920-01-01').order('id'))
  assert.deepEqual(rows.map((r) => r.id), [1, 3])
})

test('an instant compares whatever offset it is written in', async () => {
  const rows = ok(await db.from('samples').select('id').eq('at', '2024-01-01T20:04:05.12-05:00'))
  assert.deepEqual(rows, [{ id: 1 }])
})

test('a uuid compares whatever its case', async () => {
  assert.deepEqual(ok(await db.from('samples').select('id').eq('ident', 'A0EEBC99-9C0B-4EF8-BB6D-6BB9BD380A11')), [{ id: 1 }])
})

test('a value of the wrong type is 22P02', async () => {
  const error = fails(await films().eq('year', 'abc'), '22P02', 400)
  assert.match(error.message, /invalid input syntax for type integer: "abc"/)
  fails(await films().eq('kind', 'western'), '22P02', 400)
})

test('an unknown operator is PGRST100', async () => {
  const answer = await raw('/rest/v1/films?year=foo.1')
  assert.equal(answer.status, 400)
  assert.equal((await answer.json()).code, 'PGRST100')
})

test('an unknown column is 42703', async () => {
  const error = fails(await films().eq('colour', 1), '42703', 400)
  assert.match(error.message, /colour/)
})
