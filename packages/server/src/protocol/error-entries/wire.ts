// The catalogue's part of the line: requests, answers, frames, messages, and lines that are held.

export const wireErrors = {
  // Upgrade requests (RFC 6455 §4.2)
  ERR_UPGRADE_METHOD: {
    message: 'A WebSocket is opened with GET',
    fix: 'Send the upgrade request with the method GET (RFC 6455 §4.1)',
    status: 405,
  },
  ERR_UPGRADE_HTTP_VERSION: {
    message: 'The upgrade request is not HTTP/1.1',
    fix: 'Send the upgrade request as HTTP/1.1; check proxies on the way that speak HTTP/1.0',
    status: 505,
  },
  ERR_UPGRADE_MALFORMED: {
    message: 'The request is not well-formed HTTP',
    fix: 'Send a request line and header lines that end in CR LF (RFC 9112 §2.2)',
    status: 400,
  },
  ERR_UPGRADE_HEADER_UPGRADE: {
    message: 'The request does not ask for a WebSocket',
    fix: 'Send Upgrade: websocket; a proxy on the way has to pass this header on',
    status: 426,
  },
  ERR_UPGRADE_HEADER_CONNECTION: {
    message: 'The Connection header of the upgrade request does not name upgrade',
    fix: 'Send Connection: Upgrade; a proxy on the way has to pass this header on',
    status: 400,
  },
  ERR_UPGRADE_HOST: {
    message: 'The upgrade request does not have exactly one Host header',
    fix: 'Send exactly one Host header (RFC 9112 §3.2)',
    status: 400,
  },
  ERR_UPGRADE_KEY: {
    message: 'Sec-WebSocket-Key is missing, repeated, or not base64 of 16 bytes',
    fix: 'Send one Sec-WebSocket-Key with 16 random bytes in base64 (RFC 6455 §4.1)',
    status: 400,
  },
  ERR_UPGRADE_VERSION: {
    message: 'The upgrade request asks for another version of the WebSocket protocol than 13',
    fix: 'Send Sec-WebSocket-Version: 13',
    status: 426,
  },
  ERR_UPGRADE_BODY: {
    message: 'The upgrade request announces a body',
    fix: 'Send the upgrade request without Content-Length',
    status: 413,
  },
  ERR_UPGRADE_TRANSFER_ENCODING: {
    message: 'The upgrade request announces a body of unknown length',
    fix: 'Send the upgrade request without Transfer-Encoding',
    status: 400,
  },
  ERR_UPGRADE_SUBPROTOCOL: {
    message: 'Sec-WebSocket-Protocol is not a list of different tokens',
    fix: 'Name each subprotocol once, separated by commas (RFC 6455 §4.1)',
    status: 400,
  },
  ERR_UPGRADE_EXTENSIONS: {
    message: 'Sec-WebSocket-Extensions is malformed',
    fix: 'Write extensions as RFC 6455 §9.1 says: name; parameter=value, …',
    status: 400,
  },
  ERR_UPGRADE_HEADERS: {
    message: 'The headers of the upgrade request are too long or too many',
    fix: 'Send fewer or smaller headers (cookies, mostly), or raise limits.headerBytes',
    status: 431,
  },
  ERR_UPGRADE_TIMEOUT: {
    message: 'The upgrade request did not arrive in time',
    fix: 'Send the whole request at once, or raise limits.handshakeMs',
    status: 408,
  },
  ERR_UPGRADE_ORIGIN: {
    message: 'Pages of this origin may not open a WebSocket here',
    fix: 'Open it from a page of the same host, or add the origin to the list of the route',
    status: 403,
  },
  ERR_UPGRADE_NOT_FOUND: {
    message: 'No WebSocket is served at this path',
    fix: 'Check the path of the URL against the routes of the server',
    status: 404,
  },
  ERR_UPGRADE_REFUSED: {
    message: 'The route refused the connection',
    fix: 'Check what the route asks for, such as a login or a token',
    status: 403,
  },
  ERR_UPGRADE_FAILED: {
    message: 'The upgrade function of the route threw or rejected',
    fix: 'See the error that the server reported for this request',
    status: 500,
  },
  ERR_UPGRADE_CONNECTIONS: {
    message: 'The server holds as many connections as it may',
    fix: 'Try again later, or raise limits.connections',
    status: 503,
  },
  ERR_UPGRADE_ADDRESS_CONNECTIONS: {
    message: 'This address holds as many connections as it may',
    fix: 'Close a connection first, or raise limits.connectionsPerAddress',
    status: 429,
  },
  ERR_UPGRADE_ADMISSION: {
    message: 'More connections arrive than the server lets in at a time',
    fix: 'Try again after the seconds of Retry-After, or raise admission.perSecond',
    status: 503,
  },
  ERR_UPGRADE_DRAINING: {
    message: 'The server is about to stop and takes no new connections',
    fix: 'Try again; another server or the next process will answer',
    status: 503,
  },

  // Upgrade responses, seen by the client role (RFC 6455 §4.1)
  ERR_RESPONSE_STATUS: {
    message: 'The server answered the upgrade request with another status than 101',
    fix: 'See the status and the body of the response; check URL, origin and credentials',
  },
  ERR_RESPONSE_HEADER_UPGRADE: {
    message: 'The 101 response does not say Upgrade: websocket',
    fix: 'Check that the URL leads to a WebSocket server and that proxies pass Upgrade on',
  },
  ERR_RESPONSE_HEADER_CONNECTION: {
    message: 'The 101 response does not say Connection: Upgrade',
    fix: 'Check that proxies on the way pass the Connection header on',
  },
  ERR_RESPONSE_ACCEPT: {
    message: 'Sec-WebSocket-Accept does not answer the key of the request',
    fix: 'Check for a cache between client and server that answers in its place',
  },
  ERR_RESPONSE_SUBPROTOCOL: {
    message: 'The server chose a subprotocol that the client did not ask for',
    fix: 'Ask for a subprotocol that the server speaks',
  },
  ERR_RESPONSE_EXTENSIONS: {
    message: 'The server chose an extension or parameters that the client did not offer',
    fix: 'Report it to whoever runs the server; turn compression off meanwhile',
  },

  // Proxies in front (proxy-protocol.txt, versions 1 and 2)
  ERR_PROXY_HEADER_MISSING: {
    message: 'A trusted proxy began a line with something else than a PROXY header',
    fix: 'Turn the PROXY protocol on in the proxy, or set proxy.proxyProtocol to false',
  },
  ERR_PROXY_HEADER_MALFORMED: {
    message: 'A trusted proxy sent a PROXY header that cannot be read',
    fix: 'Check that the proxy speaks version 1 or 2 of the PROXY protocol',
  },
  ERR_PROXY_HEADER_TOO_LONG: {
    message: 'A trusted proxy sent a PROXY header that is too long',
    fix: 'End version 1 with CR LF within 107 bytes; keep version 2, TLVs included, within 4096',
  },
  ERR_PROXY_HEADER_TIMEOUT: {
    message: 'A trusted proxy did not send a whole PROXY header in time',
    fix: 'Turn the PROXY protocol on in the proxy, or raise limits.handshakeMs',
  },

  // What a program hands to the handshake
  ERR_HEADER_INVALID: {
    message: 'A header cannot be sent',
    fix: 'Use a token as name, a value without line breaks or control characters, and leave the headers of the handshake to Holdline',
    status: 500,
  },
  ERR_DEFLATE_OPTION: {
    message: 'An option of permessage-deflate is out of range',
    fix: 'Window bits are 8 to 15, level 0 to 9, memLevel 1 to 9, thresholdBytes 0 or more',
  },

  // Frames (RFC 6455 §5)
  ERR_FRAME_RESERVED_BITS: {
    message: 'A frame has a reserved bit set that no negotiated extension defines',
    fix: 'Send RSV1 only on the first frame of a compressed message, after permessage-deflate was agreed',
    closeCode: 1002,
  },
  ERR_FRAME_OPCODE: {
    message: 'A frame has an opcode that RFC 6455 reserves',
    fix: 'Use opcodes 0, 1, 2, 8, 9 and 10 only',
    closeCode: 1002,
  },
  ERR_FRAME_UNMASKED: {
    message: 'A client sent a frame without a mask',
    fix: 'Mask every frame that a client sends (RFC 6455 §5.1)',
    closeCode: 1002,
  },
  ERR_FRAME_MASKED: {
    message: 'A server sent a masked frame',
    fix: 'Servers send frames without a mask (RFC 6455 §5.1)',
    closeCode: 1002,
  },
  ERR_FRAME_LENGTH_NOT_MINIMAL: {
    message: 'A payload length is not in its shortest form',
    fix: 'Use 7, 16 or 64 bits, whichever is the shortest that fits (RFC 6455 §5.2)',
    closeCode: 1002,
  },
  ERR_FRAME_LENGTH_TOP_BIT: {
    message: 'A 64-bit payload length has its top bit set',
    fix: 'The most significant bit of a 64-bit length is 0 (RFC 6455 §5.2)',
    closeCode: 1002,
  },
  ERR_CONTROL_FRAGMENTED: {
    message: 'A control frame is fragmented',
    fix: 'Send close, ping and pong as one frame with FIN set (RFC 6455 §5.5)',
    closeCode: 1002,
  },
  ERR_CONTROL_TOO_LONG: {
    message: 'A control frame carries more than 125 bytes',
    fix: 'Keep the payload of close, ping and pong within 125 bytes (RFC 6455 §5.5)',
    closeCode: 1002,
  },
  ERR_CONTINUATION_UNEXPECTED: {
    message: 'A continuation frame came where no message was begun',
    fix: 'Begin a message with opcode 1 or 2',
    closeCode: 1002,
  },
  ERR_CONTINUATION_EXPECTED: {
    message: 'A new message began before the last one was finished',
    fix: 'Finish a fragmented message with FIN before the next one starts (RFC 6455 §5.4)',
    closeCode: 1002,
  },
  ERR_CLOSE_PAYLOAD: {
    message: 'A close frame has a payload of one byte',
    fix: 'A close frame is empty or begins with a two-byte code (RFC 6455 §5.5.1)',
    closeCode: 1002,
  },
  ERR_CLOSE_CODE: {
    message: 'A close frame has a code that must not be sent',
    fix: 'Use 1000–1003, 1007–1014 or 3000–4999 (RFC 6455 §7.4)',
    closeCode: 1002,
  },

  // Messages
  ERR_MESSAGE_TOO_BIG: {
    message: 'A message is longer than the route allows',
    fix: 'Send smaller messages, or raise limits.messageBytes on the route',
    closeCode: 1009,
  },
  ERR_MESSAGE_UTF8: {
    message: 'A text message or a close reason is not valid UTF-8',
    fix: 'Send bytes as binary, or encode text as UTF-8 (RFC 6455 §8.1)',
    closeCode: 1007,
  },
  ERR_MESSAGE_DEFLATE: {
    message: 'A compressed message could not be inflated',
    fix: 'Compress as RFC 7692 §7.2.1 says, with the agreed window and context',
    closeCode: 1007,
  },
  ERR_MESSAGE_INCOMPLETE: {
    message: 'A message was begun and not finished in time',
    fix: 'Send the rest of the message sooner, or raise limits.incompleteMessageMs',
    closeCode: 1008,
  },
  ERR_MESSAGE_INVALID: {
    message: 'A message does not match the contract of the route',
    fix: 'Send what the contract describes; the issues name what differs',
  },
  ERR_MESSAGE_OUT_INVALID: {
    message: 'The program tried to send a message that its own contract does not allow',
    fix: 'Make what the handler sends match the out schema of the contract',
    closeCode: 1011,
  },
  ERR_CONTRACT_ASYNC: {
    message: 'A contract uses a schema that validates asynchronously',
    fix: 'Use a synchronous schema; do lookups in the handler, where order is kept',
  },

  // Lines that are held (limits, backpressure, liveness)
  ERR_SLOW_CONSUMER: {
    message: 'The connection does not read as fast as it is sent to, and its buffer is full',
    fix: 'Read faster, send less (heed queued and drain), or raise limits.bufferedBytes',
    closeCode: 1013,
  },
  ERR_PING_FLOOD: {
    message: 'The connection sends pings and does not read the pongs',
    fix: 'Read while sending; ping at most a few times a second',
    closeCode: 1008,
  },
  ERR_MESSAGE_RATE: {
    message: 'The connection sends more messages a second than the route allows',
    fix: 'Send less often, or raise limits.messagesPerSecond',
    closeCode: 1008,
  },
  ERR_BYTE_RATE: {
    message: 'The connection sends more bytes a second than the route allows',
    fix: 'Send less, or raise limits.bytesPerSecond',
    closeCode: 1008,
  },
  ERR_IDLE: {
    message: 'No message passed on the connection for longer than the route allows',
    fix: 'Send something now and then, or raise limits.idleMs',
    closeCode: 1001,
  },
  ERR_KEEPALIVE: {
    message: 'A ping was not answered in time; the other side is taken for gone',
    fix: 'Reconnect; where lines are slow, raise keepalive.timeoutMs',
    closeCode: 1001,
  },
  ERR_HANDLER: {
    message: 'A handler of the route threw or rejected',
    fix: 'See the error that the server reported for this connection',
    closeCode: 1011,
  },
} as const
