// An echo that goes wrong after a while, in the way named on its command line. argv: the port, the fault.
import { closeSync, openSync } from 'node:fs'
import { WebSocketServer } from 'ws'

const [port, fault] = process.argv.slice(2)
const kept: Buffer[] = []
let messageCount = 0

const server = new WebSocketServer({ port: Number(port), host: '127.0.0.1' })
server.on('connection', (connection) => {
  // A descriptor of its own for each connection, so that connections alone do not tell.
  const descriptor = openSync('/dev/null')
  connection.on('error', () => {})
  connection.on('close', () => {
    if (fault !== 'leaks') closeSync(descriptor)
  })
  connection.on('message', (data, binary) => {
    messageCount++
    const bytes = data as Buffer
    // The warm-up has 300 messages.
    if (fault === 'changes' && messageCount === 900) bytes[7] ^= 1
    if (fault === 'loses one' && messageCount === 900) connection.terminate()
    if (fault === 'grows') kept.push(Buffer.alloc(65_536, 1))
    connection.send(bytes, { binary })
  })
})
