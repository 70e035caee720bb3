import assert from 'node:assert/strict'
import { test } from 'node:test'
import { anon, fails, ok, raw } from './env.mjs'

const db = anon()
const titles = (rows) => rows.map((r) => r.title)

test('select without columns gives every column in table order', async () => {
  const rows = ok(await db.from('films').select().eq('id', 1))
  assert.deepEqual(rows, [
    {
      id: 1, title: 'Seven Samurai', year: 1954, rating: 8.6, kind: 'drama', in_colour: false, tags: ['epic', 'war'],
      facts: { length: 207, awards: ['lion'], crew: { camera: 'Nakai' } }, director_id: 1, writer_id: 1,
    },
  ])
  assert.deepEqual(Object.keys(rows[0]),
    ['id', 'title', 'year', 'rating', 'kind', 'in_colour', 'tags', 'facts', 'director_id', 'writer_id'])
})

test('select names columns, in the order asked for', async () => {
  const rows = ok(await db.from('films').select('year,title').eq('id', 3))
  assert.deepEqual(rows, [{ year: 1957, title: 'The Seventh Seal' }])
  assert.deepEqual(Object.keys(rows[0]), ['year', 'title'])
})

test('select renames a column with an alias', async () => {
  assert.deepEqual(ok(await db.from('films').select('name:title').eq('id', 3)), [{ name: 'The Seventh Seal' }])
})

test('select casts a column', async () => {
  assert.deepEqual(ok(await db.from('films').select('year::text,rating::text').eq('id', 3)), [{ year: '1957', rating: '8.1' }])
})

test('select takes an alias and a cast together', async () => {
  assert.deepEqual(ok(await db.from('films').select('when:year::text').eq('id', 3)), [{ when: '1957' }])
})

test('select reaches into json with -> and ->>', async () => {
  const rows = ok(await db.from('films').select('facts->length,facts->crew->>camera,first:facts->awards->>0').eq('id', 1))
  assert.deepEqual(rows, [{ length: 207, camera: 'Nakai', first: 'lion' }])
})

test('a json path to nothing is null', async () => {
  assert.deepEqual(ok(await db.from('films').select('facts->crew->>camera').eq('id', 2)), [{ camera: null }])
})

test('order is ascending with nulls last by default', async () => {
  const rows = ok(await db.from('films').select('id,rating').order('rating').order('id'))
  assert.deepEqual(rows.map((r) => r.id), [4, 5, 2, 3, 1, 6])
})

test('descending order has nulls first by default', async () => {
  const rows = await (await raw('/rest/v1/films?select=id&order=rating.desc')).json()
  assert.deepEqual(rows.map((r) => r.id), [6, 1, 3, 2, 5, 4])
})

test('order takes nulls first and nulls last', async () => {
  const first = ok(await db.from('films').select('id').order('rating', { nullsFirst: true }))
  assert.equal(first[0].id, 6)
  const last = ok(await db.from('films').select('id').order('rating', { ascending: false, nullsFirst: false }))
  assert.deepEqual(last.map((r) => r.id), [1, 3, 2, 5, 4, 6])
})

test('order by two columns and by a json path', async () => {
  const rows = ok(await db.from('films').select('id').order('in_colour', { ascending: false }).order('year'))
  assert.deepEqual(rows.map((r) => r.id), [4, 6, 5, 1, 3, 2])
  const byLength = ok(await db.from('films').select('id').not('facts->length', 'is', null).order('facts->length', { ascending: false }))
  assert.deepEqual(byLength.map((r) => r.id), [1, 4, 3, 5, 2])
})

test('an enum is ordered by its declaration', async () => {
  const rows = ok(await db.from('films').select('kind').order('kind').order('id'))
  assert.deepEqual(rows.map((r) => r.kind), ['drama', 'drama', 'drama', 'comedy', 'comedy', 'science fiction'])
})

test('limit and range cut the rows', async () => {
  assert.deepEqual(titles(ok(await db.from('films').select('title').order('id').limit(2))), ['Seven Samurai', 'Cléo from 5 to 7'])
  assert.deepEqual(ok(await db.from('films').select('id').order('id').range(1, 2)).map((r) => r.id), [2, 3])
})

test('limit 0 gives no rows and no error', async () => {
  assert.deepEqual(ok(await db.from('films').select('id').limit(0)), [])
})

test('count exact comes with the page and answers 206 for a part', async () => {
  const part = await db.from('films').select('id', { count: 'exact' }).order('id').range(0, 1)
  assert.equal(ok(part).length, 2)
  assert.equal(part.count, 6)
  assert.equal(part.status, 206)
  const all = await db.from('films').select('id', { count: 'exact' })
  assert.equal(all.count, 6)
  assert.equal(all.status, 200)
})

test('a head request counts without rows', async () => {
  const result = await db.from('films').select('*', { count: 'exact', head: true }).eq('kind', 'drama')
  assert.equal(result.error, null)
  assert.equal(result.count, 3)
})

test('Content-Range tells the page', async () => {
  const page = await raw('/rest/v1/films?select=id&order=id&offset=2&limit=2')
  assert.equal(page.headers.get('content-range'), '2-3/*')
  const none = await raw('/rest/v1/films?id=eq.99')
  assert.equal(none.headers.get('content-range'), '*/*')
  const counted = await raw('/rest/v1/films?id=eq.99', { headers: { Prefer: 'count=exact' } })
  assert.equal(counted.headers.get('content-range'), '*/0')
})

test('the Range header pages, and a page past the end with count is 416', async () => {
  const page = await raw('/rest/v1/films?select=id&order=id', { headers: { 'Range-Unit': 'items', Range: '4-9' } })
  assert.equal(page.status, 200)
  assert.equal(page.headers.get('content-range'), '4-5/*')
  const past = await raw('/rest/v1/films?offset=100', { headers: { Prefer: 'count=exact' } })
  assert.equal(past.status, 416)
  assert.equal((await past.json()).code, 'PGRST103')
  assert.equal(past.headers.get('content-range'), '*/6')
})

test('single gives the object', async () => {
  assert.deepEqual(ok(await db.from('films').select('title').eq('id', 2).single()), { title: 'Cléo from 5 to 7' })
})

test('single refuses none and many with PGRST116', async () => {
  const none = fails(await db.from('films').select('title').eq('id', 99).single(), 'PGRST116', 406)
  assert.match(none.details, /0 rows/)
  const many = fails(await db.from('films').select('title').single(), 'PGRST116', 406)
  assert.match(many.details, /6 rows/)
})

test('maybeSingle gives null for none and refuses many', async () => {
  assert.equal(ok(await db.from('films').select('title').eq('id', 99).maybeSingle()), null)
  assert.deepEqual(ok(await db.from('films').select('id').eq('id', 1).maybeSingle()), { id: 1 })
  fails(await db.from('films').select('id').maybeSingle(), 'PGRST116')
})

test('csv has a header row and quotes what needs it', async () => {
  const text = ok(await db.from('films').select('id,title,rating').gte('id', 5).order('id').csv())
  const lines = text.split('\n')
  assert.equal(lines[0], 'id,title,rating')
  assert.match(lines[1], /^5,"?Faces Places"?,7\.8$/)
  assert.equal(lines[2], '6,"Untitled, ""lost"" (1999)",')
  assert.equal(lines.length, 3)
})

test('nulls can be stripped', async () => {
  const rows = ok(await db.from('films').select('id,rating,director_id').eq('id', 6).stripNulls())
  assert.deepEqual(rows, [{ id: 6 }])
})

test('a view reads like a table', async () => {
  assert.deepEqual(ok(await db.from('recent_films').select('title,year')), [{ title: 'Faces Places', year: 2017 }])
})

test('the answer says what it is', async () => {
  const json = await raw('/rest/v1/films?limit=1')
  assert.equal(json.headers.get('content-type'), 'application/json; charset=utf-8')
  const csv = await raw('/rest/v1/films?limit=1', { headers: { Accept: 'text/csv' } })
  assert.equal(csv.headers.get('content-type'), 'text/csv; charset=utf-8')
  const object = await raw('/rest/v1/films?limit=1', { headers: { Accept: 'application/vnd.pgrst.object+json' } })
  assert.equal(object.headers.get('content-type'), 'application/vnd.pgrst.object+json; charset=utf-8')
})

test('the same request gives the same bytes', async () => {
  const first = await (await raw('/rest/v1/films?order=id')).text()
  const second = await (await raw('/rest/v1/films?order=id')).text()
  assert.equal(first, second)
})

test('aggregates group by the plain columns', async () => {
  const rows = ok(await db.from('films').select('kind,id.count(),top:rating.max()').order('kind'))
  assert.deepEqual(rows, [
    { kind: 'drama', count: 3, top: 8.6 }, { kind: 'comedy', count: 2, top: 7.8 }, { kind: 'science fiction', count: 1, top: null },
  ])
})

test('count() without a column counts rows', async () => {
  assert.deepEqual(ok(await db.from('films').select('count()').eq('kind', 'drama')), [{ count: 3 }])
})
