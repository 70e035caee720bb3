import assert from 'node:assert/strict'
import { test } from 'node:test'
import { anon, fails, ok } from './env.mjs'

const db = anon()

test('to one gives an object, or null', async () => {
  const rows = ok(await db.from('people').select('name,countries(name)').in('id', [1, 6]).order('id'))
  assert.deepEqual(rows, [
    { name: 'Akira Kurosawa', countries: { name: 'Japan' } }, { name: 'Nobody Inparticular', countries: null },
  ])
})

test('to many gives an array, or an empty one', async () => {
  const rows = ok(await db.from('films').select('id,reviews(id,stars)').in('id', [3, 4]).order('id'))
  assert.deepEqual(rows, [{ id: 3, reviews: [{ id: 5, stars: 5 }] }, { id: 4, reviews: [] }])
})

test('one to one gives an object on both sides', async () => {
  assert.deepEqual(ok(await db.from('films').select('id,film_budgets(amount,currency)').eq('id', 3)),
    [{ id: 3, film_budgets: { amount: 150000.5, currency: 'SEK' } }])
  assert.deepEqual(ok(await db.from('film_budgets').select('currency,films(title)').eq('film_id', 3)),
    [{ currency: 'SEK', films: { title: 'The Seventh Seal' } }])
})

test('many to many goes through the junction', async () => {
  const rows = ok(await db.from('films').select('id,people!roles(name)').in('id', [1, 2]).order('id'))
  assert.deepEqual(rows, [{ id: 1, people: [{ name: 'Toshiro Mifune' }] }, { id: 2, people: [] }])
})

test('an ambiguous embed is refused with the choices', async () => {
  const result = await db.from('films').select('people(name)')
  const error = fails(result, 'PGRST201', 300)
  assert.ok(Array.isArray(error.details))
  assert.equal(error.details.length, 3)
  assert.ok(error.details.every((d) => d.cardinality && d.embedding && d.relationship))
  assert.match(error.hint, /people!/)
})

test('a hint picks the relationship by constraint or column', async () => {
  const byName = ok(await db.from('films').select('people!films_director_id_fkey(name)').eq('id', 1))
  assert.deepEqual(byName, [{ people: { name: 'Akira Kurosawa' } }])
  const byColumn = ok(await db.from('films').select('people!writer_id(name)').eq('id', 4))
  assert.deepEqual(byColumn, [{ people: null }])
})

test('two embeds of one table with aliases', async () => {
  const rows = ok(await db.from('films').select('director:people!director_id(name),writer:people!writer_id(name)').eq('id', 4))
  assert.deepEqual(rows, [{ director: { name: 'Akira Kurosawa' }, writer: null }])
})

test('the foreign key column names the target', async () => {
  assert.deepEqual(ok(await db.from('films').select('director_id(name)').eq('id', 2)), [{ director_id: { name: 'Agnès Varda' } }])
})

test('embeds nest', async () => {
  const rows = ok(await db.from('countries').select('name,people(name,films!director_id(title,reviews(stars)))').eq('code', 'FR'))
  assert.deepEqual(rows, [
    {
      name: 'France',
      people: [
        {
          name: 'Agnès Varda',
          films: [
            { title: 'Cléo from 5 to 7', reviews: [{ stars: 4 }] }, { title: 'Faces Places', reviews: [{ stars: 3 }] },
          ],
        },
      ],
    },
  ])
})

test('inner drops parents without a child', async () => {
  const rows = ok(await db.from('films').select('id,film_budgets!inner(currency)').order('id'))
  assert.deepEqual(rows, [{ id: 1, film_budgets: { currency: 'JPY' } }, { id: 3, film_budgets: { currency: 'SEK' } }])
})

test('a filter on an inner embed filters the parents', async () => {
  const rows = ok(await db.from('films').select('id,reviews!inner(author)').eq('reviews.author', 'ben').order('id'))
  assert.deepEqual(rows, [{ id: 1, reviews: [{ author: 'ben' }] }, { id: 3, reviews: [{ author: 'ben' }] }])
})

test('a filter on a left embed filters only the children', async () => {
  const rows = ok(await db.from('films').select('id,reviews(author)').eq('reviews.author', 'ben').in('id', [1, 2]).order('id'))
  assert.deepEqual(rows, [{ id: 1, reviews: [{ author: 'ben' }] }, { id: 2, reviews: [] }])
})

test('an embed has its own order, limit and offset', async () => {
  const ordered = ok(await db.from('films').select('id,reviews(id)').eq('id', 1)
    .order('stars', { referencedTable: 'reviews', ascending: false }).order('id', { referencedTable: 'reviews', ascending: false }))
  assert.deepEqual(ordered[0].reviews.map((r) => r.id), [3, 1, 2])
  const limited = ok(await db.from('films').select('id,reviews(id)').in('id', [1, 2])
    .order('id').order('id', { referencedTable: 'reviews' }).limit(2, { referencedTable: 'reviews' }))
  assert.deepEqual(limited, [{ id: 1, reviews: [{ id: 1 }, { id: 2 }] }, { id: 2, reviews: [{ id: 4 }] }])
  const range = ok(await db.from('films').select('id,reviews(id)').eq('id', 1)
    .order('id', { referencedTable: 'reviews' }).range(1, 1, { referencedTable: 'reviews' }))
  assert.deepEqual(range[0].reviews, [{ id: 2 }])
})

test('or works inside an embed', async () => {
  const rows = ok(await db.from('films').select('id,reviews(id)').eq('id', 1)
    .or('author.eq.ann,author.eq.cat', { referencedTable: 'reviews' }).order('id', { referencedTable: 'reviews' }))
  assert.deepEqual(rows[0].reviews, [{ id: 1 }, { id: 3 }])
})

test('an aliased embed is filtered and ordered by its alias', async () => {
  const rows = ok(await db.from('films').select('id,opinions:reviews(id)').eq('id', 1).eq('opinions.stars', 5)
    .order('id', { referencedTable: 'opinions', ascending: false }))
  assert.deepEqual(rows[0].opinions, [{ id: 3 }, { id: 1 }])
})

test('parents are ordered by a to-one embed', async () => {
  const rows = ok(await db.from('people').select('id,countries(name)').not('country_code', 'is', null)
    .order('countries(name)', { ascending: false }).order('id'))
  assert.deepEqual(rows.map((r) => r.id), [3, 5, 1, 4, 2])
})

test('an embed being null or not filters the parents', async () => {
  const without = ok(await db.from('films').select('id,reviews()').is('reviews', null).order('id'))
  assert.deepEqual(without, [{ id: 4 }, { id: 6 }])
  const having = ok(await db.from('films').select('id,reviews()').not('reviews', 'is', null).order('id'))
  assert.deepEqual(having.map((r) => r.id), [1, 2, 3, 5])
})

test('an embed with empty parentheses joins without output', async () => {
  const rows = ok(await db.from('films').select('id,reviews!inner()').eq('reviews.author', 'cat').order('id'))
  assert.deepEqual(rows, [{ id: 1 }, { id: 5 }])
})

test('spread lifts the columns of a to-one', async () => {
  const rows = ok(await db.from('people').select('id,...countries(country:name)').in('id', [1, 6]).order('id'))
  assert.deepEqual(rows, [{ id: 1, country: 'Japan' }, { id: 6, country: null }])
})

test('spread of a to-many gives arrays', async () => {
  const rows = ok(await db.from('films').select('id,...reviews(author,stars)').eq('id', 1)
    .order('id', { referencedTable: 'reviews' }))
  assert.deepEqual(rows, [{ id: 1, author: ['ann', 'ben', 'cat'], stars: [5, 4, 5] }])
})

test('a tree: children by table name, the parent by column', async () => {
  const children = ok(await db.from('categories').select('name,categories(name)').eq('id', 1)
    .order('id', { referencedTable: 'categories' }))
  assert.deepEqual(children, [{ name: 'all', categories: [{ name: 'fiction' }, { name: 'documentary' }] }])
  const parent = ok(await db.from('categories').select('name,parent:parent_id(name)').eq('id', 4))
  assert.deepEqual(parent, [{ name: 'horror', parent: { name: 'fiction' } }])
})

test('an embed counts', async () => {
  const rows = ok(await db.from('films').select('id,reviews(count)').in('id', [1, 4]).order('id'))
  assert.deepEqual(rows, [{ id: 1, reviews: [{ count: 3 }] }, { id: 4, reviews: [{ count: 0 }] }])
})

test('a view embeds through its base columns', async () => {
  const rows = ok(await db.from('recent_films').select('title,people!films_director_id_fkey(name)'))
  assert.deepEqual(rows, [{ title: 'Faces Places', people: { name: 'Agnès Varda' } }])
})

test('an unknown relationship is PGRST200', async () => {
  const error = fails(await db.from('films').select('countries(name)'), 'PGRST200', 400)
  assert.match(error.message, /relationship between 'films' and 'countries'/)
})

test('a filter on what is not embedded is PGRST108', async () => {
  fails(await db.from('films').select('id').eq('reviews.author', 'ben'), 'PGRST108', 400)
})

test('order by a to-many embed is PGRST118', async () => {
  fails(await db.from('films').select('id,reviews(id)').order('reviews(id)'), 'PGRST118', 400)
})
