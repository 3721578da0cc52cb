// The colour of a name: the same everywhere, told apart by hue alone so that the contrast is the same for all.

/** A hue in degrees, spread over the circle by a hash (FNV-1a) of the name. */
export function nameHue(name: string): number {
  let hash = 0x811c9dc5
  for (const byte of new TextEncoder().encode(name.toLowerCase())) {
    hash = Math.imul(hash ^ byte, 0x01000193)
  }
  return ((hash ^ (hash >>> 15)) >>> 0) % 360
}
