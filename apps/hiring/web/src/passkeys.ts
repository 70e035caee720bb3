// Whether a page at this address can use passkeys and security keys: browsers have them for names, not for addresses of digits.
const named = !/^[\d.]+$|:/.test(location.hostname);

export const keysWork = 'PublicKeyCredential' in window && named;
export const keysElsewhere = 'PublicKeyCredential' in window && !named && location.hostname === '127.0.0.1'
  ? `http://localhost:${location.port}${location.pathname}`
  : null;
