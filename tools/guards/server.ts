// The guards of a server: what its options may be, who is let in, and how it comes to an end.
import type { Guard } from '../guard.ts'
import { guardsOf } from '../guard.ts'

const server = 'packages/server/src/server'
const tests = 'packages/server/test/server'

export const guards: readonly Guard[] = [
  ...guardsOf(
    `${server}/router.ts`,
    [`${tests}/router.test.ts`],
    [
      ['a path may stand twice', 'if (this.#exact.has(path))', 'if (path === undefined)'],
      [
        'two patterns may match the same',
        'if (twin) throw new HoldlineError',
        'if (path === undefined) throw new HoldlineError',
      ],
      ['the query is part of the path', 'query < 0 ? target : target.slice(0, query)', 'target'],
      ['a path need not begin with a slash', "path.startsWith('/') && "],
      ['a path may hold a query or a star', '!/[?#\\s*]/.test(path)', 'true'],
      ['a parameter may stand anywhere in a segment', '!areParameters || '],
      ['a parameter may stand twice', ' || new Set(names).size !== names.length'],
      ['a longer path matches', 'if (pattern.length !== segments.length) return null'],
      ['a fixed segment matches any', 'if (wanted !== segment) return null'],
      [
        'a parameter may be empty',
        "if (value === null || value === '') return null",
        'if (value === null) return null',
      ],
      [
        'a path that cannot be decoded is served',
        '  } catch {\n    return null\n  }',
        '  } catch {\n    return segment\n  }',
      ],
      [
        'the name of a parameter reaches the prototype',
        'const params: Record<string, string> = Object.create(null) as Record<string, string>',
        'const params: Record<string, string> = {}',
      ],
    ],
  ),
  ...guardsOf(
    `${server}/origin.ts`,
    [`${tests}/origin.test.ts`],
    [
      [
        'every page may connect by default',
        "origins: Origins = 'same-host'",
        "origins: Origins = 'any'",
      ],
      [
        "who shares no host with the server passes for the server's own page",
        'host !== undefined && host.toLowerCase() === request.host.toLowerCase()',
        'host !== undefined',
      ],
      [
        'an origin with a path, user or other scheme passes',
        '/^https?:\\/\\/([^/?#@\\s]+)$/i.exec',
        '/([^/?#@\\s]+)$/i.exec',
      ],
      [
        'an origin that is not on the list passes',
        'allowed.has(origin))',
        'allowed !== undefined && origin)',
      ],
      [
        'what is no origin may be on the list',
        'if (!URL.canParse(origin) || new URL(origin).origin !== origin) {',
        'if (origin === undefined) {',
      ],
      ['an origin on the list may have a path', ' || new URL(origin).origin !== origin'],
    ],
  ),
  ...guardsOf(
    `${server}/served-route.ts`,
    [`${tests}/served-route.test.ts`, `${tests}/route-limits.test.ts`],
    [
      [
        "a route's bound of the request head is not kept",
        'if (request.headBytes > this.limits.headerBytes) {',
        'if (request.headBytes < 0) {',
      ],
      [
        'another page may connect',
        "if (!this.#originCheck(request)) return this.#refuse(request, 'ERR_UPGRADE_ORIGIN')",
      ],
      [
        "a route's limits are not asked",
        'if (refusal !== null) return this.#refuse(request, refusal)',
      ],
      [
        'an origin check that throws takes the process along',
        "    } catch (error) {\n      return this.#refuse(request, 'ERR_UPGRADE_FAILED', error)",
        '    } catch (error) {\n      throw error',
      ],
      [
        'an upgrade that rejects is not answered',
        "(error: unknown) => this.#give(request, 'ERR_UPGRADE_FAILED', error)",
        'undefined',
      ],
      [
        'an upgrade that throws takes the process along',
        "      return this.#settle(request, answer)\n    } catch (error) {\n      return this.#give(request, 'ERR_UPGRADE_FAILED', error)",
        '      return this.#settle(request, answer)\n    } catch (error) {\n      throw error',
      ],
      [
        "a route's bound of the handshake is not kept",
        'return this.#inTime(request, judged)',
        'return judged',
      ],
      [
        'who was accepted too late is counted for ever',
        'else if (judgement.accepted) judgement.abandon()',
      ],
      [
        'a timer stays behind every upgrade',
        '        cancel()\n        if (!isLate)',
        '        if (!isLate)',
      ],
      [
        'an answer that is a mistake is taken for a yes',
        "if (answer !== undefined && 'refuse' in answer && answer.refuse !== undefined) {",
        'if (answer && answer.refuse !== undefined) {',
      ],
      [
        'who was refused is counted for ever',
        '        this.#release(request)\n        this.#environment.refused',
        '        this.#environment.refused',
      ],
      [
        'a failed acceptance takes the process along',
        "      return this.#accept(request, answer ?? {})\n    } catch (error) {\n      return this.#give(request, 'ERR_UPGRADE_FAILED', error)",
        '      return this.#accept(request, answer ?? {})\n    } catch (error) {\n      throw error',
      ],
      [
        'who was abandoned is counted for ever',
        'abandon: () => this.#release(request)',
        'abandon: () => {}',
      ],
      [
        'a subprotocol that nobody offered is spoken',
        'if (offered.includes(subprotocol)) return subprotocol',
        'return subprotocol',
      ],
      [
        'of a list of subprotocols one is chosen that was not offered',
        'subprotocols.find((name) => offered.includes(name)) ?? null',
        'subprotocols[0] ?? null',
      ],
      [
        'connections have no bound',
        "if (connections > 0 && this.#reserved >= connections) return 'ERR_UPGRADE_CONNECTIONS'",
      ],
      [
        'no limit means none at all',
        'if (connections > 0 && this.#reserved >= connections)',
        'if (this.#reserved >= connections)',
      ],
      [
        'connections from one address have no bound',
        "if (count >= connectionsPerAddress) return 'ERR_UPGRADE_ADDRESS_CONNECTIONS'",
      ],
      ['many requests at once pass a limit together', '    this.#reserved++\n'],
      [
        'many requests from one address pass its limit together',
        'this.#reservedByAddress.set(request.remoteAddress, count + 1)',
      ],
      ['who has gone is counted for ever', '    this.#reserved--\n'],
      [
        'who has gone is counted for its address for ever',
        'const count = (this.#reservedByAddress.get(request.remoteAddress) ?? 1) - 1',
        'const count = this.#reservedByAddress.get(request.remoteAddress) ?? 1',
      ],
      [
        'who failed is counted for ever',
        '    this.#release(request)\n    return this.#refuse',
        '    return this.#refuse',
      ],
      ['a closed connection is held for ever', '    this.connections.delete(connection)\n'],
      ['a closed connection is counted for ever', '    this.#release(connection.request)\n'],
      ['a refusal is not told', '    this.#environment.refused(request, code, error)\n'],
      [
        'keepalive may have any number',
        'if (!Number.isSafeInteger(value) || value < 1) {',
        'if (value === undefined) {',
      ],
      ['deflate may have any options', '  checkDeflateOptions(options)\n'],
      [
        'a refusal may have the status of a success',
        'if (Number.isInteger(status) && status >= 400 && status <= 599) return status',
        'return status',
      ],
    ],
  ),
  ...guardsOf(
    `${server}/options.ts`,
    [`${tests}/options.test.ts`],
    [
      [
        'a misspelt option is left out in silence',
        'if (!known.has(name)) invalid(`${name} is not an option of serve`)',
      ],
      ['a port may be any number', "checkNumber('port', port, 0, 65_535)"],
      [
        'a port is left out in silence where there is a path',
        "if (path !== undefined && options.port !== undefined) invalid('port and path exclude each other')",
      ],
      [
        'an engine that does not exist is asked for',
        "if (typeof engine === 'string' && !engineNames.includes(engine)) {",
        "if (typeof engine === 'number') {",
      ],
      [
        'what is no function is called for every request',
        "if (options.http !== undefined && typeof options.http !== 'function') {",
        "if (typeof options.http === 'number') {",
      ],
      ['wrong shapes fail later and elsewhere', '  checkShapes(options)\n'],
      [
        'heap may be anything',
        "if (heap !== 'default' && heap !== 'lean') invalid(`heap is ${JSON.stringify(heap)}`)",
      ],
      ['grace may be any number', "checkNumber('graceMs', graceMs, 0, 0x7fff_ffff)"],
      [
        'a misspelt restart option is left out in silence',
        'if (!Object.hasOwn(defaultRestart, name)) invalid(`restart.${name} is not an option of serve`)',
      ],
      [
        'a restart option may be any number',
        'checkNumber(`restart.${name}`, value, 0, 0x7fff_ffff)',
      ],
      [
        'what is no route is served',
        "if (!has(route?.behavior, 'message')) {",
        'if (path === undefined) {',
      ],
      ['what is no engine is taken for one', "!has(engine, 'listen')) {", 'engine === null) {'],
      [
        'what is no broker is taken for one',
        "if (broker !== undefined && !has(broker, 'publish')) invalid('broker is no broker')",
      ],
      [
        'what is no logger is taken for one',
        "if (logger !== undefined && logger !== null && !has(logger, 'info', 'warn', 'error')) {",
        'if (logger === false) {',
      ],
      [
        'signals may be anything',
        "if (signals !== undefined && typeof signals !== 'boolean') {",
        'if (signals === null) {',
      ],
      ['any number of processes may be asked for', "checkNumber('processes', processes, 1, 1_024)"],
      [
        'null passes for an object',
        "typeof object !== 'object' || object === null",
        "typeof object !== 'object'",
      ],
      [
        'a fraction passes for a number',
        '!Number.isSafeInteger(value) || value < lowest',
        'value < lowest',
      ],
    ],
  ),
  ...guardsOf(
    `${server}/acceptor.ts`,
    [`${tests}/acceptor.test.ts`],
    [
      [
        'an absolute URI is read as a path',
        "if (!request.target.startsWith('/')) return this.#refuse(request, 'ERR_UPGRADE_MALFORMED')",
      ],
      [
        'a request that is no proper upgrade is judged',
        'if (problem !== null) return this.#refuse(request, problem)',
      ],
      [
        'who was judged when the drain began is let in',
        'if (!this.isDraining || !judgement.accepted) return judgement',
        'return judgement',
      ],
      ['a refusal is not told', '    this.#environment.refused(request, code)\n'],
      [
        'nobody hears when to come again',
        "code === 'ERR_UPGRADE_DRAINING' ? { 'Retry-After': '1' } : undefined",
        'undefined',
      ],
    ],
  ),
  ...guardsOf(
    `${server}/acceptor.ts`,
    [`${tests}/local-server.test.ts`],
    [
      [
        'a server that drains lets connections in',
        "if (this.isDraining) return this.#refuse(request, 'ERR_UPGRADE_DRAINING')",
      ],
    ],
    'upgrades during the drain',
  ),
  ...guardsOf(
    `${server}/served-topic.ts`,
    [`${tests}/served-topic.test.ts`],
    [["a program takes a name that is Holdline's own", '    checkProgramTopic(name)\n']],
  ),
  ...guardsOf(
    `${server}/local-server.ts`,
    [`${tests}/local-server.test.ts`],
    [
      [
        'routes end without a word to other workers',
        '    await this.#leave(Math.max(LEAVE_MS, leftMs()))\n',
      ],
      [
        'what is of the process ends with a server that is alone',
        '    if (this.#mesh === null) return\n    const left',
        '    const left',
      ],
      [
        'a broker runs on where the server cannot listen',
        '      await this.#topics.stop()\n      await this.#mesh?.stop()\n      throw error',
        '      throw error',
      ],
      ['a route is not joined to the other workers', '    this.#join()\n', '    await'],
      ['a server listens before it hears the others', '      await this.#mesh?.ready\n'],
      ['a server that ends stays in the mesh', '    await this.#mesh?.stop()\n    this.#closed'],
      [
        'a second close begins again',
        'this.#closing ??= this.#close(options)',
        'this.#closing = this.#close(options)',
      ],
      ['a server that drains lets connections in', '    this.#acceptor.isDraining = true\n'],
      [
        'a drain waits until all have gone by themselves',
        'this.#drain = new Drain(clock, connections, { code, reason, url: null, ...pace })',
      ],
      ['a drain does not wait for anybody', '    await this.#empty(graceMs)\n'],
      [
        'who does not go holds the end up for ever',
        'for (const connection of this.#acceptor.connections()) connection.terminate()',
      ],
      [
        'an empty server waits for its last connection',
        'if (this.#acceptor.connectionCount === 0) {',
        'if (graceMs < 0) {',
      ],
    ],
    '^(?!TLS)',
  ),
  ...guardsOf(
    `${server}/restart-policy.ts`,
    [`${tests}/restart-policy.test.ts`],
    [
      [
        'restarts count for ever',
        'this.#restarts.filter(({ atMs }) => nowMs - atMs < periodMs)',
        'this.#restarts.filter(({ atMs }) => atMs <= nowMs || periodMs > 0)',
      ],
      ['workers are restarted without end', 'if (this.#restarts.length >= intensity) return null'],
      ['a pause does not grow', ' * 2 ** before'],
      [
        'a pause grows without end',
        'Math.min(maxBackoffMs, backoffMs * 2 ** before)',
        'maxBackoffMs && backoffMs * 2 ** before',
      ],
      [
        'one slot waits for the failures of another',
        'restart.slot === slot',
        'restart.slot >= 0 || slot < 0',
      ],
    ],
  ),
  ...guardsOf(
    `${server}/supervisor.ts`,
    [`${tests}/supervisor.test.ts`],
    [
      [
        'workers stay where one cannot start',
        "await this.stop({ code: 1001, reason: '', graceMs: 0 })",
      ],
      [
        'a reload goes on where a successor cannot start',
        'if (!(await this.#replace(slot))) return',
        'await this.#replace(slot)',
      ],
      [
        'a stopped supervisor starts workers again',
        '    this.#isStopping = true\n    for (const slot of this.#slots) slot.cancelRestart?.()\n    const workers',
        '    const workers',
      ],
      [
        'a killed supervisor starts workers again',
        '    this.#isStopping = true\n    for (const slot of this.#slots) slot.cancelRestart?.()\n    for',
        '    for',
      ],
      [
        'a worker that starts is asked for its counters',
        "filter(({ state }) => state !== 'starting')",
        'filter(({ state }) => state)',
      ],
      [
        'counters wait for a worker that does not answer',
        'this.#context.clock.setTimer(STATS_MS, done)',
        '() => {}',
      ],
      [
        'a worker counts twice',
        'if (missing.delete(of) && stats !== null) answers.push(stats)',
        'missing.delete(of)\n        if (stats !== null) answers.push(stats)',
      ],
      [
        'a worker that ended is waited for',
        'for (const answered of this.#statsTickets.values()) answered(null, worker.id)',
      ],
      [
        'a worker that cannot reach the supervisor stays',
        'this.#workers.get(id === 0 ? by : id)',
        'this.#workers.get(id)',
      ],
      [
        'a worker that drains is killed for letting go',
        "if (worker === undefined || worker.state === 'draining' || this.#isStopping) return",
        'if (worker === undefined || this.#isStopping) return',
      ],
      [
        'workers are killed while all of them stop',
        "worker.state === 'draining' || this.#isStopping) return",
        "worker.state === 'draining') return",
      ],
      [
        'a worker that drains has others killed',
        "if (this.#workers.get(by)?.state === 'draining') return",
      ],
      [
        'a worker that takes nothing stays',
        'it is killed`)\n      worker.process.kill()\n      return',
        'it is killed`)\n      return',
      ],
      [
        'a worker that died is killed',
        "if (this.#workers.get(worker.id) !== worker || worker.state === 'draining') return",
      ],
      [
        'a worker that cannot be reached stays',
        'it is killed`)\n      worker.process.kill()\n    })\n  }\n\n  // --- Starting',
        'it is killed`)\n    })\n  }\n\n  // --- Starting',
      ],
      [
        'a worker asks twice and is replaced twice',
        "} else if (worker.slot.current === worker && worker.state === 'listening') {",
        '} else {',
      ],
      [
        'each worker finds a port of its own',
        'if (this.#port === 0 && this.#finder !== null) {',
        'if (this.#finder?.id === 0) {',
      ],
      ['workers wait for a port for ever', 'for (const other of waiting) this.#place(other)'],
      [
        'a worker that does not end stays',
        'is killed`)\n      worker.process.kill()\n    })\n  }\n\n  #ended',
        'is killed`)\n    })\n  }\n\n  #ended',
      ],
      [
        'a timer stays behind a worker',
        '    worker.cancelKill?.()\n    this.#workers.delete',
        '    this.#workers.delete',
      ],
      ['new workers look for those that are gone', '    this.#joined.delete(worker.id)\n'],
      ['a worker that ended owns its names', '    this.#names.workerEnded(worker.id)\n'],
      ['releases are answered', 'if (answers.length > 0) worker', 'worker'],
      ['nobody hears that a worker is gone', "process.send({ kind: 'left', workerId: worker.id })"],
      ['a replaced worker is restarted', '    if (slot.current !== worker) return\n'],
      ['who cannot start is restarted at once', ' && !this.#isStarting'],
      ['a restart has no end', 'if (pauseMs === null) {', 'if (pauseMs === -1) {'],
      [
        'who was stopped starts another worker',
        'if (!this.#isStopping) slot.current = this.#fork(slot)',
        'slot.current = this.#fork(slot)',
      ],
      [
        'two reloads run at once',
        'this.#replacing = this.#replacing.then(async () => {',
        'this.#replacing = Promise.resolve().then(async () => {',
      ],
      [
        'a stopped supervisor replaces workers',
        '    if (this.#isStopping) return false\n    if (only',
        '    if (only',
      ],
      [
        'a worker that is gone is replaced',
        'if (only !== undefined && slot.current !== only) return true',
      ],
      [
        'who was stopped meanwhile takes a successor',
        '    if (this.#isStopping) return false\n    const old',
        '    const old',
      ],
      [
        'a restart comes on top of a successor',
        '    slot.cancelRestart?.()\n    slot.cancelRestart = null\n    slot.current',
        '    slot.current',
      ],
      ['all workers are replaced at once', '    await old.ended.promise\n'],
    ],
  ),
  ...guardsOf(
    `${server}/name-registry.ts`,
    [`${tests}/name-registry.test.ts`],
    [
      ['a name has two owners', 'if (owner !== undefined) return owner'],
      ['names have no bound', "if (this.#owners.size >= this.#maxNames) return 'ERR_WORKER_NAMES'"],
      [
        'anybody may release a name',
        'if (this.#owners.get(name) !== workerId) return',
        'if (!this.#owners.has(name)) return',
      ],
      [
        'a name that was released is freed again when its owner ends',
        '    this.#namesOf.get(workerId)?.delete(name)\n',
      ],
      [
        'the names of a worker that ended stay',
        'for (const name of names) this.#owners.delete(name)',
      ],
    ],
  ),
  ...guardsOf(
    `${server}/name-client.ts`,
    [`${tests}/name-client.test.ts`],
    [
      [
        'a name of any length is asked for',
        'name.length === 0 || name.length > MAX_NAME_LENGTH',
        "name === '?'",
      ],
      ['names are asked before the others hear', ' || !this.#isOpen'],
      [
        'releases alone are waited for',
        'if (this.#waiting.length > 0) {',
        'if (this.#waiting !== undefined) {',
      ],
      ['a refusal passes for an owner', "typeof answer === 'string'", 'answer === undefined'],
      ['what was told waits for ever', '...this.#told.splice(0), '],
      ['what was not told waits for ever', ', this.#waiting.splice(0)', ''],
      [
        'what is asked too late waits for ever',
        "if (this.#isClosed) return Promise.reject(new HoldlineError('ERR_MESH_STOPPED'))",
      ],
    ],
  ),
  ...guardsOf(
    `${server}/worker-message.ts`,
    [`${tests}/worker-message.test.ts`],
    [
      ["a program's own messages are taken for ours", ' || !(KEY in envelope)'],
      ['null is taken for a message', ' || envelope === null'],
      [
        'a code that is not of the catalogue is sent',
        'if (code === undefined || !(code in errorCatalogue)) return { code: null, detail: String(error) }',
      ],
      [
        'what is thrown may be anything',
        'if (!(error instanceof Error)) return { code: null, detail: String(error) }',
      ],
    ],
  ),
  ...guardsOf(
    `${server}/plain-http.ts`,
    [`${tests}/plain-http.test.ts`],
    [
      [
        'nobody hears what to upgrade to',
        "if (isRoute) response.setHeader('Upgrade', 'websocket')",
      ],
    ],
  ),
  ...guardsOf(
    `${server}/deflate-agreement.ts`,
    [`${tests}/deflate-agreement.test.ts`],
    [
      ['a short message is compressed', 'bytes.length < thresholdBytes ? null : ', ''],
      [
        'a compression nobody agreed to is used',
        'if (agreed === null) return null',
        'if (agreed === null) return agreeOnDeflate("permessage-deflate", options)',
      ],
    ],
  ),
  ...guardsOf(
    `${server}/statistics.ts`,
    [`${tests}/statistics.test.ts`],
    [
      [
        'a handler that fails is told to nobody',
        "if (code === 'ERR_HANDLER') {",
        'if (code === undefined) {',
      ],
      [
        'an upgrade that fails is told to nobody',
        'if (error !== undefined) {\n      this',
        'if (code === undefined) {\n      this',
      ],
    ],
  ),
]
