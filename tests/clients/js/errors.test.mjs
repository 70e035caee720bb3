import assert from 'node:assert/strict'
import { test } from 'node:test'
import { anon, fails, ok, raw } from './env.mjs'

const db = anon()

test('an unknown table is PGRST205 with a hint', async () => {
  const error = fails(await db.from('film').select(), 'PGRST205', 404)
  assert.match(error.message, /Could not find the table 'public\.film' in the schema cache/)
  assert.match(error.hint, /Perhaps you meant the table 'public\.films'/)
})

test('a hint never names what the caller may not see', async () => {
  const error = fails(await db.from('seald').select(), 'PGRST205', 404)
  assert.ok(!/sealed/.test(error.hint ?? ''), error.hint)
})

test('an error has exactly four members and names its code in a header', async () => {
  const answer = await raw('/rest/v1/films?year=foo')
  assert.equal(answer.status, 400)
  const body = await answer.json()
  assert.deepEqual(Object.keys(body).sort(), ['code', 'details', 'hint', 'message'])
  assert.equal(body.code, 'PGRST100')
  assert.match(answer.headers.get('proxy-status'), /error=PGRST100/)
})

test('a malformed select is PGRST100', async () => {
  const answer = await raw('/rest/v1/films?select=id,(title')
  assert.equal(answer.status, 400)
  assert.equal((await answer.json()).code, 'PGRST100')
})

test('a malformed tree is PGRST100', async () => {
  fails(await db.from('films').select().or('year.eq.1,(('), 'PGRST100', 400)
})

test('an unknown cast is an error of the request', async () => {
  const result = await db.from('films').select('year::nonsense')
  assert.ok(result.error)
  assert.ok(result.status >= 400 && result.status < 500)
})

test('a media type nobody makes is PGRST107', async () => {
  const answer = await raw('/rest/v1/films', { headers: { Accept: 'application/x-nonsense' } })
  assert.equal(answer.status, 406)
  assert.equal((await answer.json()).code, 'PGRST107')
})

test('a schema that is not exposed is PGRST106', async () => {
  const answer = await raw('/rest/v1/films', { headers: { 'Accept-Profile': 'auth' } })
  assert.equal(answer.status, 406)
  assert.equal((await answer.json()).code, 'PGRST106')
})

test('a strict unknown preference is PGRST122', async () => {
  const answer = await raw('/rest/v1/films', { headers: { Prefer: 'handling=strict, nonsense=1' } })
  assert.equal(answer.status, 400)
  assert.equal((await answer.json()).code, 'PGRST122')
})

test('a method nobody answers is 405', async () => {
  const answer = await raw('/rest/v1/films', { method: 'PROPFIND' })
  assert.equal(answer.status, 405)
})

test('a wrong key is 401', async () => {
  const answer = await raw('/rest/v1/films', { key: 'nonsense' })
  assert.equal(answer.status, 401)
})

test('a broken token is 401 PGRST301 and says so in WWW-Authenticate', async () => {
  const answer = await raw('/rest/v1/films', { token: 'not.a.token' })
  assert.equal(answer.status, 401)
  assert.equal((await answer.json()).code, 'PGRST301')
  assert.match(answer.headers.get('www-authenticate'), /^Bearer/)
})

test('a token with another signature is 401', async () => {
  const payload = Buffer.from(JSON.stringify({ role: 'service_role', exp: 4000000000 })).toString('base64url')
  const header = Buffer.from(JSON.stringify({ alg: 'HS256', typ: 'JWT' })).toString('base64url')
  const forged = await raw('/rest/v1/films', { token: `${header}.${payload}.${'a'.repeat(43)}` })
  assert.equal(forged.status, 401)
  const none = Buffer.from(JSON.stringify({ alg: 'none', typ: 'JWT' })).toString('base64url')
  assert.equal((await raw('/rest/v1/films', { token: `${none}.${payload}.` })).status, 401)
})

test('a preflight is answered for every prefix', async () => {
  for (const prefix of ['/rest/v1/films', '/auth/v1/token']) {
    const answer = await raw(prefix, {
      method: 'OPTIONS',
      headers: {
        Origin: 'http://localhost:5173', 'Access-Control-Request-Method': 'POST',
        'Access-Control-Request-Headers': 'authorization,apikey,content-type,x-client-info,prefer',
      },
    })
    assert.ok(answer.ok, `${prefix}: ${answer.status}`)
    assert.ok(answer.headers.get('access-control-allow-origin'))
    assert.match(answer.headers.get('access-control-allow-headers').toLowerCase(), /apikey|\*/)
  }
})

test('an answer to a browser exposes Content-Range', async () => {
  const answer = await raw('/rest/v1/films?limit=1', { headers: { Origin: 'http://localhost:5173' } })
  assert.match(answer.headers.get('access-control-expose-headers').toLowerCase(), /content-range/)
})

test('the root describes the api', async () => {
  const answer = await raw('/rest/v1/')
  assert.equal(answer.status, 200)
  const description = await answer.json()
  assert.equal(description.swagger, '2.0')
  assert.ok(description.definitions.films)
  assert.ok(!description.definitions.sealed, 'what the caller may not reach is not described')
})

test('what a filter would raise on a hidden row never shows', async () => {
  ok(await db.from('films').select('id').eq('facts->>length', '207'))
  fails(await db.from('films').select('id').eq('id', '1; drop table films'), '22P02', 400)
  assert.equal(ok(await db.from('films').select('id')).length, 6)
})
