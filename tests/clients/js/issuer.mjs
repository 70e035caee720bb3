// A small OpenID provider on loopback: signs in whoever the test says.
import { createHash, createSign, generateKeyPairSync, randomUUID } from 'node:crypto'
import { createServer } from 'node:http'

const part = (value) => Buffer.from(typeof value === 'string' ? value : JSON.stringify(value)).toString('base64url')

export async function startIssuer() {
  const { publicKey, privateKey } = generateKeyPairSync('rsa', { modulusLength: 2048 })
  const codes = new Map()
  const issuer = { person: { sub: randomUUID(), email: 'nobody@example.test', email_verified: true, name: 'Ann' } }

  issuer.idToken = (aud, extra = {}) => {
    const now = Math.floor(Date.now() / 1000)
    const text = `${part({ alg: 'RS256', kid: 'k1', typ: 'JWT' })}.${part({ iss: issuer.url, aud, iat: now, exp: now + 300, ...issuer.person, ...extra })}`
    return `${text}.${createSign('RSA-SHA256').update(text).sign(privateKey).toString('base64url')}`
  }

  const json = (res, value, status = 200) => {
    res.writeHead(status, { 'content-type': 'application/json' })
    res.end(JSON.stringify(value))
  }

  const server = createServer(async (req, res) => {
    const url = new URL(req.url, issuer.url)
    if (url.pathname === '/.well-known/openid-configuration') {
      return json(res, {
        issuer: issuer.url,
        authorization_endpoint: `${issuer.url}/authorize`,
        token_endpoint: `${issuer.url}/token`,
        jwks_uri: `${issuer.url}/jwks`,
        token_endpoint_auth_methods_supported: ['client_secret_post'],
      })
    }
    if (url.pathname === '/jwks') return json(res, { keys: [{ ...publicKey.export({ format: 'jwk' }), kid: 'k1', use: 'sig' }] })
    if (url.pathname === '/authorize') {
      const code = randomUUID()
      codes.set(code, url.searchParams)
      const back = new URL(url.searchParams.get('redirect_uri'))
      back.searchParams.set('code', code)
      back.searchParams.set('state', url.searchParams.get('state'))
      res.writeHead(302, { location: back.href })
      return res.end()
    }
    if (url.pathname === '/token') {
      let body = ''
      for await (const chunk of req) body += chunk
      const form = new URLSearchParams(body)
      const asked = codes.get(form.get('code'))
      codes.delete(form.get('code'))
      const proof = createHash('sha256').update(form.get('code_verifier') ?? '').digest('base64url')
      if (!asked || asked.get('code_challenge') !== proof || form.get('client_secret') !== 'issuer-secret') return json(res, { error: 'invalid_grant' }, 400)
      return json(res, { access_token: 'issuer-access', refresh_token: 'issuer-refresh', token_type: 'Bearer', id_token: issuer.idToken(asked.get('client_id'), { nonce: asked.get('nonce') }) })
    }
    json(res, {}, 404)
  })
  await new Promise((resolve) => server.listen(0, '127.0.0.1', resolve))
  issuer.url = `http://127.0.0.1:${server.address().port}`
  issuer.stop = () => new Promise((resolve) => server.close(resolve))
  return issuer
}

/** Follows redirects as a browser does, cookies included, until it would leave for the application. */
export async function browse(address, stopAt) {
  const cookies = new Map()
  let at = address
  for (let hops = 0; hops < 10; hops++) {
    if (at.startsWith(stopAt)) return new URL(at)
    const answer = await fetch(at, { redirect: 'manual', headers: { cookie: [...cookies].map(([k, v]) => `${k}=${v}`).join('; ') } })
    for (const line of answer.headers.getSetCookie()) {
      const [name, value] = line.split(';')[0].split('=')
      cookies.set(name, value)
    }
    at = answer.headers.get('location')
    if (!at) throw new Error(`no redirect: ${answer.status} ${await answer.text()}`)
  }
  throw new Error('too many redirects')
}
