// No session at all.
export const echo = true
