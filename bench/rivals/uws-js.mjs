// The rival uWebSockets.js, as its own documentation writes it: argv[2] is the port. Plain JavaScript, since an
// older Node runs it. The binary is loaded by itself: where it is missing, the package would quietly serve with a
// replacement written in JavaScript.
import { createRequire } from 'node:module'

const { platform, arch, versions } = process
const uws = createRequire(import.meta.url)(
  `@trufflesuite/uws-js-unofficial/binaries/uws_${platform}_${arch}_${versions.modules}.node`,
)

const settings = {
  compression: uws.DISABLED,
  maxPayloadLength: 16 * 1024 * 1024,
  // Above it a message is dropped. The default is 64 KiB.
  maxBackpressure: 1024 * 1024 * 1024,
  idleTimeout: 0, // off; the default is 120 s
  sendPingsAutomatically: false, // the load generator does not answer pings; no rival sends any
}

const app = uws
  .App()
  .ws('/t/:topic', {
    ...settings,
    upgrade(response, request, context) {
      response.upgrade(
        { topic: request.getParameter(0) },
        request.getHeader('sec-websocket-key'),
        request.getHeader('sec-websocket-protocol'),
        request.getHeader('sec-websocket-extensions'),
        context,
      )
    },
    open(connection) {
      connection.subscribe(connection.topic)
    },
    message(connection, message, isBinary) {
      app.publish(connection.topic, message, isBinary) // to all, the sender included
    },
  })
  .ws('/', {
    ...settings,
    message(connection, message, isBinary) {
      connection.send(message, isBinary)
    },
  })
  .listen('127.0.0.1', Number(process.argv[2]), (listening) => {
    if (!listening) throw new Error('the port is taken')
  })
