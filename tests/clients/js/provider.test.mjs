// The stock client's own words for the OAuth 2.1 server: clients by the service key, consent and grants by the user.
import assert from 'node:assert/strict'
import { createHash, randomBytes } from 'node:crypto'
import { test } from 'node:test'
import { fails, ok, raw, service, signedUp, url } from './env.mjs'

const redirect = 'https://shop.example.test/callback'
const verifier = randomBytes(32).toString('base64url')
const challenge = createHash('sha256').update(verifier).digest('base64url')

const newClient = async (more = {}) => ok(await service().auth.admin.oauth.createClient({ client_name: 'Shop', redirect_uris: [redirect], ...more }))

async function begin(client, scope = 'openid email') {
  const query = new URLSearchParams({
    client_id: client.client_id, redirect_uri: redirect, response_type: 'code', scope, state: 'here', code_challenge: challenge, code_challenge_method: 'S256',
  })
  const answer = await fetch(`${url}/auth/v1/oauth/authorize?${query}`, { redirect: 'manual' })
  assert.equal(answer.status, 303)
  return new URL(answer.headers.get('location')).searchParams.get('authorization_id')
}

const redeem = (client, fields) =>
  fetch(`${url}/auth/v1/oauth/token`, {
    method: 'POST',
    headers: { Authorization: 'Basic ' + Buffer.from(`${client.client_id}:${client.client_secret}`).toString('base64') },
    body: new URLSearchParams(fields),
  }).then((answer) => answer.json())

test('clients are made, listed, read, changed, given a new secret and deleted', async () => {
  const { oauth } = service().auth.admin
  const made = await newClient({ client_uri: 'https://shop.example.test' })
  assert.equal(made.registration_type, 'manual')
  assert.ok(made.client_secret)
  const page = ok(await oauth.listClients({ page: 1, perPage: 1000 }))
  assert.ok(page.clients.some((client) => client.client_id === made.client_id))
  assert.ok(page.total >= 1)
  assert.equal(ok(await oauth.getClient(made.client_id)).client_uri, 'https://shop.example.test')
  assert.equal(ok(await oauth.updateClient(made.client_id, { client_name: 'Store' })).client_name, 'Store')
  const rotated = ok(await oauth.regenerateClientSecret(made.client_id))
  assert.notEqual(rotated.client_secret, made.client_secret)
  ok(await oauth.deleteClient(made.client_id))
  fails(await oauth.getClient(made.client_id), 'oauth_client_not_found')
})

test('a user approves a client, sees it among the grants and takes it back', async () => {
  const client = await newClient()
  const { client: user } = await signedUp()
  const { oauth } = user.auth
  const id = await begin(client)
  const details = ok(await oauth.getAuthorizationDetails(id))
  assert.equal(details.client.name, 'Shop')
  assert.equal(details.redirect_uri, redirect)
  assert.equal(details.scope, 'openid email')
  const approved = ok(await oauth.approveAuthorization(id, { skipBrowserRedirect: true }))
  const target = new URL(approved.redirect_url)
  assert.equal(target.origin + target.pathname, redirect)
  assert.equal(target.searchParams.get('state'), 'here')
  const tokens = await redeem(client, { grant_type: 'authorization_code', code: target.searchParams.get('code'), redirect_uri: redirect, code_verifier: verifier })
  assert.ok(tokens.access_token && tokens.refresh_token && tokens.id_token, JSON.stringify(tokens))
  const info = await raw('/auth/v1/oauth/userinfo', { token: tokens.access_token })
  assert.equal((await info.json()).email, details.user.email)

  const grants = ok(await oauth.listGrants())
  assert.deepEqual([grants[0].client.id, grants[0].scopes], [client.client_id, ['openid', 'email']])
  assert.ok(ok(await oauth.getAuthorizationDetails(await begin(client))).redirect_url, 'consented before: no question')
  ok(await oauth.revokeGrant({ clientId: client.client_id }))
  assert.equal(ok(await oauth.listGrants()).length, 0)
  assert.equal((await raw('/auth/v1/oauth/userinfo', { token: tokens.access_token })).status, 401)
  fails(await oauth.revokeGrant({ clientId: client.client_id }), 'oauth_consent_not_found')
})

test('a denial leads back with an error', async () => {
  const client = await newClient()
  const { client: user } = await signedUp()
  const id = await begin(client)
  ok(await user.auth.oauth.getAuthorizationDetails(id))
  const denied = ok(await user.auth.oauth.denyAuthorization(id, { skipBrowserRedirect: true }))
  assert.equal(new URL(denied.redirect_url).searchParams.get('error'), 'access_denied')
  fails(await user.auth.oauth.getAuthorizationDetails(id), 'oauth_authorization_not_found')
})
