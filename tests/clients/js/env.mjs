// The server under test and its keys, from the environment; and the stock client as an application makes it.
import assert from 'node:assert/strict'
import { createClient } from '@supabase/supabase-js'
import WebSocket from 'ws'

function required(name) {
  const value = process.env[name]
  if (!value) throw new Error(`${name} is not set; see README.md`)
  return value
}

export const url = required('TENON_URL')
export const anonKey = required('TENON_ANON_KEY')
export const serviceKey = required('TENON_SERVICE_KEY')
export const publishableKey = required('TENON_PUBLISHABLE_KEY')
export const secretKey = required('TENON_SECRET_KEY')

export const options = {
  auth: { persistSession: false, autoRefreshToken: false, detectSessionInUrl: false },
  realtime: { transport: WebSocket },
}

export const anon = () => createClient(url, anonKey, options)
export const service = () => createClient(url, serviceKey, options)

/** The data of a result that must not be an error. */
export function ok(result) {
  assert.equal(result.error, null, `unexpected error ${JSON.stringify(result.error)}`)
  return result.data
}

/** The error of a result that must be one, with this code and, where given, this status. */
export function fails(result, code, status) {
  assert.ok(result.error, `expected error ${code}, got ${JSON.stringify(result.data)}`)
  assert.equal(result.error.code, code, `message: ${result.error.message}`)
  if (status !== undefined) assert.equal(result.status ?? result.error.status, status)
  return result.error
}

/** A request without the client, for what the client hides: bytes, headers, statuses. */
export function raw(path, { method = 'GET', key = anonKey, token, headers = {}, body } = {}) {
  return fetch(url + path, {
    method,
    headers: { apikey: key, ...(token ? { Authorization: `Bearer ${token}` } : {}), ...headers },
    body: body === undefined || typeof body === 'string' ? body : JSON.stringify(body),
  })
}

let counter = 0

/** An address nobody else in this run uses. */
export const freshEmail = () => `user-${process.pid}-${Date.now()}-${++counter}@example.test`

export const password = 'correct horse battery'

/** A client signed in as a new user. */
export async function signedUp(data) {
  const client = anon()
  const email = freshEmail()
  const result = ok(await client.auth.signUp({ email, password, options: data ? { data } : undefined }))
  assert.ok(result.session, 'sign-up without confirmation gives a session')
  return { client, email, user: result.user, session: result.session }
}
