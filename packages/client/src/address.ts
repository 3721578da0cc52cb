// Addresses of lines. Pure, but for the page's own address.

/**
 * The address of a WebSocket: relative ones start at `base`, or at the page; `http(s)` is read as `ws(s)`.
 * @throws SyntaxError or TypeError if it is none.
 */
export function socketUrl(url: string | URL, base?: string): URL {
  const resolved = new URL(url, base ?? globalThis.location?.href)
  resolved.protocol = resolved.protocol.replace(/^http/, 'ws')
  // A WebSocket address has no fragment; the platform refuses one.
  resolved.hash = ''
  return resolved
}
