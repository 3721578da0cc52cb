import assert from 'node:assert/strict'
import { test } from 'node:test'
import fc from 'fast-check'
import { HoldlineError } from 'holdline'
import { helpText, parseCommandLine } from 'holdline-gateway'

const optionsOf = (args: string[], environment = {}) => {
  const command = parseCommandLine(args, environment)
  assert.equal(command.kind, 'serve')
  return command.kind === 'serve' ? command.options : assert.fail()
}

const refusal = (args: string[], environment = {}): HoldlineError => {
  try {
    parseCommandLine(args, environment)
  } catch (error) {
    assert.ok(error instanceof HoldlineError)
    return error
  }
  return assert.fail(`${args.join(' ')} was taken`)
}

test('without arguments: port 8080, all addresses, one process, any engine', () => {
  assert.deepEqual(optionsOf([]), {
    port: 8080,
    host: undefined,
    processes: 1,
    engine: 'auto',
  })
})

test('PORT overrides the default, --port overrides PORT', () => {
  assert.equal(optionsOf([], { PORT: '9000' }).port, 9000)
  assert.equal(optionsOf([], { PORT: '' }).port, 8080)
  assert.equal(optionsOf(['--port', '0'], { PORT: '9000' }).port, 0)
  assert.equal(optionsOf(['--port=65535'], { PORT: 'nonsense' }).port, 65_535)
})

test('the other options', () => {
  const args = ['--host', '127.0.0.1', '--processes', 'cores', '--engine', 'node']
  assert.deepEqual(optionsOf(args), {
    port: 8080,
    host: '127.0.0.1',
    processes: 'cores',
    engine: 'node',
  })
  assert.equal(optionsOf(['--processes', '4']).processes, 4)
  for (const engine of ['auto', 'node', 'uring']) {
    assert.equal(optionsOf(['--engine', engine]).engine, engine)
    assert.match(helpText, new RegExp(`--engine <name>.*\\b${engine}\\b`))
  }
})

test('help and version', () => {
  assert.equal(parseCommandLine(['--help'], {}).kind, 'help')
  assert.equal(parseCommandLine(['--version', '--port', '1'], {}).kind, 'version')
  for (const option of ['port', 'host', 'processes', 'engine', 'help', 'version']) {
    assert.match(helpText, new RegExp(`--${option}\\b`))
  }
})

test('what is unknown is named', () => {
  for (const word of ['--prot', '-p', 'serve', '--', '--__proto__', '--constructor']) {
    if (word === '--') continue
    const { code, message } = refusal([word])
    assert.equal(code, 'ERR_ARGUMENT_UNKNOWN', word)
    assert.ok(message.includes(word), message)
  }
})

test('a value out of range is named with its range', () => {
  const cases: [string[], Record<string, string>, RegExp][] = [
    [['--port', '99999'], {}, /--port is "99999", not a whole number from 0 to 65535/],
    [['--port', 'abc'], {}, /--port is "abc"/],
    [['--port=-1'], {}, /--port is "-1"/],
    [['--port=8e3'], {}, /--port is "8e3"/],
    [['--port'], {}, /--port needs a value/],
    [['--port='], {}, /--port needs a value/],
    [[], { PORT: 'x' }, /PORT is "x"/],
    [['--processes', '0'], {}, /--processes is "0".*1 to 1024/],
    [['--processes', '1.5'], {}, /--processes/],
    [['--engine', 'foo'], {}, /--engine is "foo", not one of auto, node, uring/],
    [['--host='], {}, /--host needs a value/],
    [['--help=yes'], {}, /--help takes no value/],
  ]
  for (const [args, environment, expected] of cases) {
    const { code, message } = refusal(args, environment)
    assert.equal(code, 'ERR_ARGUMENT_INVALID', args.join(' '))
    assert.match(message, expected)
  }
})

test('whatever is typed gives a command or one printable line', () => {
  const word = fc.oneof(
    fc.string({ unit: 'binary' }),
    fc.constantFrom('--port', '--host', '--help', '--processes', '--', '-', '--port=1', '8080'),
  )
  fc.assert(
    fc.property(fc.array(word, { maxLength: 6 }), (args) => {
      try {
        parseCommandLine(args, {})
      } catch (error) {
        assert.ok(error instanceof HoldlineError, String(error))
        assert.doesNotMatch(error.message, /\p{Cc}/u)
      }
    }),
  )
})
