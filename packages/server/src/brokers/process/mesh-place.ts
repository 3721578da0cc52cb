// What one process knows of the mesh that it takes part in, and the private directory where the sockets of all
// its processes lie.

import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { basename, join } from 'node:path'

/** Why a process of the mesh is given up by another. */
export type LostReason =
  /** It takes no bytes. */
  | 'stuck'
  /** It broke the format. */
  | 'frame'
  /** It does not answer, or its line ended without a goodbye: it may have died, or be about to. */
  | 'line'

/** Who says which processes there are: the supervisor of the machine, or a test. */
export interface MeshPlace {
  /** Number of this process, used once. */
  readonly id: number
  /** Proof that a caller belongs to this mesh; without spaces. */
  readonly token: string
  addressOf(id: number): string
  /** Called once, when this process can be reached. Answers with everybody who called before. */
  join(): Promise<readonly number[]>
  /** The lines to a process are cut: whoever watches over the processes has to end it. */
  lost(id: number, reason: LostReason): void
}

/** A directory that only this user can enter; its name is part of every address of the mesh. */
export class MeshDirectory {
  readonly path: string

  constructor(path: string) {
    this.path = path
  }

  static create(): MeshDirectory {
    // The address of a Unix socket has room for about 100 bytes.
    const parent = tmpdir().length > 64 ? '/tmp' : tmpdir()
    return new MeshDirectory(mkdtempSync(join(parent, 'holdline-')))
  }

  readonly addressOf = (id: number): string =>
    process.platform === 'win32'
      ? `\\\\.\\pipe\\${basename(this.path)}-${id}`
      : join(this.path, `${id}.sock`)

  remove(): void {
    rmSync(this.path, { recursive: true, force: true })
  }
}
