// Messages as a client sends them to a model.
import { wireFrame } from 'holdline/testing'

/** Frames of text, as one piece. */
export const texts = (...messages: readonly string[]): Uint8Array =>
  Buffer.concat(messages.map((message) => wireFrame(1, message)))

export const numbers = (count: number): string[] =>
  Array.from({ length: count }, (_, i) => String(i))
