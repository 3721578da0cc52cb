// The suite must find what is wrong: each of these breaks one rule of the contract.

import assert from 'node:assert/strict'
import { test } from 'node:test'
import type { WorkerMesh, WorkerMeshListener } from '../../src/connection/worker-mesh.ts'
import { MemoryMesh, runWorkerMeshCase, workerMeshCases } from '../../src/testing/index.ts'
import type { WorkerMeshHarness } from '../../src/testing/index.ts'

/** What is wrong in it is what a fault overrides. */
class Through implements WorkerMesh {
  readonly inner: WorkerMesh
  listener: WorkerMeshListener | null = null

  constructor(inner: WorkerMesh) {
    this.inner = inner
  }

  get workerId(): number {
    return this.inner.workerId
  }

  start(listener: WorkerMeshListener): Promise<void> {
    this.listener = listener
    return this.inner.start({
      message: (from, bytes) => this.message(from, bytes),
      drained: (id) => this.drained(id),
      workerGone: (id) => this.workerGone(id),
    })
  }

  message(from: number, bytes: Uint8Array): void {
    this.listener!.message(from, bytes)
  }

  drained(id: number): void {
    this.listener!.drained(id)
  }

  workerGone(id: number): void {
    this.listener!.workerGone(id)
  }

  send(id: number, bytes: Uint8Array): 'sent' | 'queued' | 'gone' {
    return this.inner.send(id, bytes)
  }

  claim(name: string): Promise<number> {
    return this.inner.claim(name)
  }

  release(name: string): void {
    this.inner.release(name)
  }

  ownerOf(name: string): Promise<number | null> {
    return this.inner.ownerOf(name)
  }

  stop(): Promise<void> {
    return this.inner.stop()
  }
}

const faults: Record<string, new (inner: WorkerMesh) => Through> = {
  'MUST deliver': class extends Through {
    override message(from: number, bytes: Uint8Array): void {
      super.message(from, bytes)
      if (String.fromCharCode(...bytes) === 'a77') super.message(from, bytes)
    }
  },
  'MUST NOT look into bytes': class extends Through {
    override message(from: number, bytes: Uint8Array): void {
      if (bytes.length > 0) super.message(from, bytes)
    }
  },
  'MUST NOT keep the bytes': class extends Through {
    override send(id: number, bytes: Uint8Array): 'sent' {
      setImmediate(() => super.send(id, bytes))
      return 'sent'
    }
  },
  'MUST NOT call a listener': class extends Through {
    override send(id: number, bytes: Uint8Array): 'sent' | 'queued' | 'gone' {
      if (this.listener !== null) this.listener.drained(id)
      return super.send(id, bytes)
    }
  },
  'MUST say gone': class extends Through {
    override send(id: number, bytes: Uint8Array): 'sent' | 'queued' | 'gone' {
      const answer = super.send(id, bytes)
      return id === this.workerId ? 'sent' : answer
    }
  },
  'MUST say queued': class extends Through {
    override drained(id: number): void {
      super.drained(id)
      super.drained(id)
    }
  },
  'MUST refuse what is too long': class extends Through {
    override send(id: number, bytes: Uint8Array): 'sent' | 'queued' | 'gone' {
      return super.send(id, bytes.subarray(0, 67_108_864))
    }
  },
  'MUST give a name at most one owner': class extends Through {
    override claim(name: string): Promise<number> {
      if (name !== 'name 7') return super.claim(name)
      return super.claim(name).then(() => this.workerId)
    }
  },
  'MUST do what a worker asks': class extends Through {
    override release(name: string): void {
      setImmediate(() => super.release(name))
    }
  },
  'MUST give a name that was released': class extends Through {
    override release(): void {}
  },
  'MUST refuse a name': class extends Through {
    override ownerOf(name: string): Promise<number | null> {
      return super.ownerOf(name.slice(0, 1_024))
    }
  },
  'MUST tell once': class extends Through {
    override workerGone(id: number): void {
      super.workerGone(id)
      super.message(id, new Uint8Array(1))
    }
  },
  'MUST NOT name a worker': class extends Through {
    // Its answers are late, and what it is told of the dead is not.
    override async ownerOf(name: string): Promise<number | null> {
      const owner = await super.ownerOf(name)
      await new Promise((resolve) => setTimeout(resolve, 20))
      return owner
    }
  },
  'MUST wait with an answer': class extends Through {
    override claim(name: string): Promise<number> {
      return super.claim(name).then(() => 1)
    }
  },
  'MUST NOT drop': class extends Through {
    #sent = 0
    override send(id: number, bytes: Uint8Array): 'sent' | 'queued' | 'gone' {
      return ++this.#sent === 500 ? 'sent' : super.send(id, bytes)
    }
  },
  'MUST NOT deliver': class extends Through {
    override message(from: number, bytes: Uint8Array): void {
      setTimeout(() => super.message(from, bytes), 5)
    }
    override stop(): Promise<void> {
      this.listener?.message(2, new Uint8Array(1))
      return super.stop()
    }
  },
  'MUST refuse what was asked': class extends Through {
    override claim(name: string): Promise<number> {
      return super.claim(name).catch(() => {
        throw new Error('stopped')
      })
    }
  },
  'lets a worker that starts later': class extends Through {
    override message(from: number, bytes: Uint8Array): void {
      if (from !== 3) super.message(from, bytes)
    }
  },
}

function harnessOf(Kind: new (inner: WorkerMesh) => Through): WorkerMeshHarness {
  return {
    name: 'through',
    create() {
      const mesh = new MemoryMesh()
      return Promise.resolve({
        meshes: [1, 2, 3].map((id) => new Kind(mesh.worker(id))),
        kill: (id: number) => mesh.kill(id),
        ended: () => {},
        remove: () => Promise.resolve(),
      })
    },
  }
}

for (const meshCase of workerMeshCases) {
  const found = Object.entries(faults).find(([key]) => meshCase.name.startsWith(key))
  const [beginning, Faulty] = found!
  test(`a mesh that does not keep to it is found: ${beginning}`, async () => {
    await assert.rejects(runWorkerMeshCase(harnessOf(Faulty), meshCase))
  })
}
