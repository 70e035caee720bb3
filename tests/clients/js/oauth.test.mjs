// Sign-in by an external issuer, as the stock client does it. The issuer is this file's own.
import assert from 'node:assert/strict'
import { createHash, randomUUID } from 'node:crypto'
import { after, before, test } from 'node:test'
import { createClient } from '@supabase/supabase-js'
import { anon, anonKey, freshEmail, ok, options, service, signedUp, url } from './env.mjs'
import { browse, startIssuer } from './issuer.mjs'

const redirectTo = 'https://app.example.test/welcome'
const provider = `custom:issuer-${process.pid}`
let issuer

before(async () => {
  issuer = await startIssuer()
  ok(await service().auth.admin.customProviders.createProvider({
    provider_type: 'oidc', identifier: provider, name: 'Issuer', client_id: 'tenon', client_secret: 'issuer-secret', issuer: issuer.url,
  }))
})

after(async () => {
  await service().auth.admin.customProviders.deleteProvider(provider)
  await issuer.stop()
})

/** Somebody new at the issuer. */
function newPerson(email = freshEmail()) {
  issuer.person = { sub: randomUUID(), email, email_verified: true, name: 'Ann' }
  return email
}

function pkceClient() {
  const kept = new Map()
  const storage = { getItem: (k) => kept.get(k) ?? null, setItem: (k, v) => kept.set(k, v), removeItem: (k) => kept.delete(k) }
  return createClient(url, anonKey, { ...options, auth: { ...options.auth, flowType: 'pkce', persistSession: true, storage, storageKey: `k${Math.random()}` } })
}

const begin = async (client) => ok(await client.auth.signInWithOAuth({ provider, options: { redirectTo, skipBrowserRedirect: true } })).url

test('signInWithOAuth and exchangeCodeForSession in the PKCE flow', async () => {
  const email = newPerson()
  const client = pkceClient()
  const end = await browse(await begin(client), redirectTo)
  const { session, user } = ok(await client.auth.exchangeCodeForSession(end.searchParams.get('code')))
  assert.equal(user.email, email)
  assert.equal(session.provider_token, 'issuer-access')
  assert.equal(session.provider_refresh_token, 'issuer-refresh')
  assert.deepEqual(user.app_metadata, { provider, providers: [provider] })
  assert.equal(ok(await client.auth.getUser()).user.id, user.id)
  const refreshed = ok(await client.auth.refreshSession())
  assert.equal(refreshed.session.provider_token, undefined)
})

test('signInWithOAuth in the implicit flow ends in a session that setSession takes', async () => {
  const email = newPerson()
  const client = anon()
  const fragment = new URLSearchParams((await browse(await begin(client), redirectTo)).hash.slice(1))
  assert.equal(fragment.get('provider_token'), 'issuer-access')
  ok(await client.auth.setSession({ access_token: fragment.get('access_token'), refresh_token: fragment.get('refresh_token') }))
  assert.equal(ok(await client.auth.getUser()).user.email, email)
})

test('a code belongs to the client that began', async () => {
  newPerson()
  const end = await browse(await begin(pkceClient()), redirectTo)
  const other = pkceClient()
  await begin(other)
  const { error } = await other.auth.exchangeCodeForSession(end.searchParams.get('code'))
  assert.equal(error.code, 'bad_code_verifier')
})

test('linkIdentity, getUserIdentities and unlinkIdentity', async () => {
  const { client } = await signedUp()
  newPerson()
  const { url: link } = ok(await client.auth.linkIdentity({ provider, options: { redirectTo, skipBrowserRedirect: true } }))
  assert.ok(link.startsWith(issuer.url))
  await browse(link, redirectTo)
  const { identities } = ok(await client.auth.getUserIdentities())
  assert.deepEqual(identities.map((i) => i.provider).sort(), [provider, 'email'].sort())
  ok(await client.auth.unlinkIdentity(identities.find((i) => i.provider === provider)))
  const left = ok(await client.auth.getUserIdentities()).identities
  assert.equal(left.length, 1)
  const { error } = await client.auth.unlinkIdentity(left[0])
  assert.equal(error.code, 'single_identity_not_deletable')
})

test('signInWithIdToken with a hashed nonce', async () => {
  const email = newPerson()
  const nonce = randomUUID()
  const token = issuer.idToken('tenon', { nonce: createHash('sha256').update(nonce).digest('hex') })
  const { user } = ok(await anon().auth.signInWithIdToken({ provider, token, nonce }))
  assert.equal(user.email, email)
  const { error } = await anon().auth.signInWithIdToken({ provider, token, nonce: 'other' })
  assert.equal(error.status, 400)
})

test('linkIdentity with an ID token', async () => {
  const { client, email } = await signedUp()
  newPerson()
  const { user } = ok(await client.auth.linkIdentity({ provider, token: issuer.idToken('tenon') }))
  assert.equal(user.email, email)
  assert.equal(user.identities.length, 2)
})

test('custom providers are listed, read, changed and refused', async () => {
  const admin = service().auth.admin.customProviders
  assert.ok(ok(await admin.listProviders({ type: 'oidc' })).providers.some((p) => p.identifier === provider))
  assert.equal(ok(await admin.getProvider(provider)).client_id, 'tenon')
  assert.equal(ok(await admin.updateProvider(provider, { name: 'Renamed' })).name, 'Renamed')
  const { error } = await admin.getProvider('custom:none')
  assert.equal(error.status, 404)
})
