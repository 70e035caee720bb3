// The development inbox: what the server would have sent.
import { url } from './env.mjs'

/** The newest message to an address, once at least `count` have come. */
export async function mailTo(address, count = 1) {
  for (let i = 0; i < 200; i++) {
    const answer = await fetch(`${url}/dev/inbox/messages.json?to=${encodeURIComponent(address)}`)
    const messages = await answer.json()
    if (messages.length >= count) return messages[0]
    await new Promise((resolve) => setTimeout(resolve, 50))
  }
  throw new Error(`no message to ${address}`)
}

const unescape = (html) => html.replaceAll('&amp;', '&').replaceAll('&#39;', "'")

/** The address the mail's link leads to, on the server under test. */
export function linkIn(message) {
  const link = new URL(unescape(/href="([^"]+)"/.exec(message.html)[1]))
  return url + link.pathname + link.search
}

/** Follows the link as a browser does, up to the application's door. */
export async function follow(message) {
  const answer = await fetch(linkIn(message), { redirect: 'manual' })
  return { status: answer.status, target: new URL(answer.headers.get('location')) }
}

export const tokenHashIn = (message) => new URL(linkIn(message)).searchParams.get('token')
