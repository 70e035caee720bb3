// A browser with one key (ES256) in software: answers what navigator.credentials would, in WebAuthn's JSON forms.
import { createHash, generateKeyPairSync, randomBytes, sign } from 'node:crypto'

const base64url = (bytes) => Buffer.from(bytes).toString('base64url')
const sha256 = (bytes) => createHash('sha256').update(bytes).digest()

// CBOR (RFC 8949) of what is needed here: short texts and byte strings.
const text = (value) => Buffer.concat([Buffer.from([0x60 + value.length]), Buffer.from(value)])
const bytes = (value) => Buffer.concat([value.length < 256 ? Buffer.from([0x58, value.length]) : Buffer.from([0x59, value.length >> 8, value.length & 255]), value])

export class Authenticator {
  constructor(origin = 'http://localhost:54321') {
    this.origin = origin
    this.id = randomBytes(16)
    this.counter = 0
    this.key = generateKeyPairSync('ec', { namedCurve: 'P-256' })
  }

  /** From PublicKeyCredentialCreationOptions; in JSON form the challenge is text, else a buffer. */
  create(options) {
    this.handle = plain(options.user.id)
    const clientData = this.#clientData('webauthn.create', options.challenge)
    const jwk = this.key.publicKey.export({ format: 'jwk' })
    const cose = Buffer.concat([
      Buffer.from([0xa5, 0x01, 0x02, 0x03, 0x26, 0x20, 0x01, 0x21]),
      bytes(Buffer.from(jwk.x, 'base64url')),
      Buffer.from([0x22]),
      bytes(Buffer.from(jwk.y, 'base64url')),
    ])
    const data = Buffer.concat([this.#data(options.rp.id, 0x45), Buffer.alloc(16), Buffer.from([0, this.id.length]), this.id, cose])
    const attestation = Buffer.concat([Buffer.from([0xa3]), text('fmt'), text('none'), text('attStmt'), Buffer.from([0xa0]), text('authData'), bytes(data)])
    return this.#answer({ clientDataJSON: base64url(clientData), attestationObject: base64url(attestation), transports: ['internal'] })
  }

  /** From PublicKeyCredentialRequestOptions. */
  get(options) {
    const clientData = this.#clientData('webauthn.get', options.challenge)
    const data = this.#data(options.rpId, 0x05)
    const signature = sign('sha256', Buffer.concat([data, sha256(clientData)]), this.key.privateKey)
    return this.#answer({
      clientDataJSON: base64url(clientData),
      authenticatorData: base64url(data),
      signature: base64url(signature),
      userHandle: this.handle,
    })
  }

  #clientData(type, challenge) {
    return Buffer.from(JSON.stringify({ type, challenge: plain(challenge), origin: this.origin, crossOrigin: false }))
  }

  #data(rpId, flags) {
    const count = Buffer.alloc(4)
    count.writeUInt32BE(++this.counter)
    return Buffer.concat([sha256(rpId), Buffer.from([flags]), count])
  }

  #answer(response) {
    const id = base64url(this.id)
    return { id, rawId: id, type: 'public-key', clientExtensionResults: {}, response }
  }
}

/** A PublicKeyCredential as the client takes it: it asks for toJSON. */
export const asCredential = (json) => ({ ...json, toJSON: () => json })

const plain = (value) => (typeof value === 'string' ? value : base64url(new Uint8Array(value)))
