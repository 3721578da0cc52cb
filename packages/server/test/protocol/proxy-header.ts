// Writes headers of version 2 of the PROXY protocol, right or wrong.

export function v2Header(
  versionAndCommand: number,
  familyAndTransport: number,
  body: readonly number[],
  announcedBytes: number = body.length,
): Buffer {
  return Buffer.concat([
    Buffer.from('0d0a0d0a000d0a515549540a', 'hex'),
    Buffer.of(versionAndCommand, familyAndTransport, announcedBytes >>> 8, announcedBytes & 0xff),
    Buffer.from(body),
  ])
}

/** TCP over IPv4. */
export function v2Ipv4(source: string, port: number): Buffer {
  const addresses = [...source.split('.').map(Number), 127, 0, 0, 1]
  return v2Header(0x21, 0x11, [...addresses, port >>> 8, port & 0xff, 1, 187])
}
