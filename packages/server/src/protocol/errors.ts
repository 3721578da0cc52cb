// The one catalogue of refusals: every error that Holdline gives a program, a client or an operator has its
// code here, with what happened and what to do about it. The table in docs/guide/errors.md is made from it.

/** What one refusal means on each of the surfaces where it can appear. */
export interface ErrorEntry {
  /** What happened, as one plain sentence without a full stop. */
  readonly message: string
  /** What the reader can do about it. */
  readonly fix: string
  /** WebSocket close code (RFC 6455 §7.4.1) when the refusal ends a connection. */
  readonly closeCode?: number
  /** HTTP status when the refusal answers a request. */
  readonly status?: number
}

const entries = {
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

  // Actors
  ERR_ACTOR_TIMEOUT: {
    message: 'An actor did not answer an ask in time',
    fix: 'See what it waits for (two actors that ask each other wait for ever), or raise timeoutMs of the ask',
  },
  ERR_ACTOR_DOWN: {
    message: 'The actor that was asked is not there, or ended before it answered',
    fix: 'See the reason in this error; ask whereis for a living one, or let a supervisor restart it',
  },
  ERR_ACTOR_MESSAGE: {
    message: 'A message between actors holds a value that cannot travel',
    fix: 'Send plain data, Map, Set, Date, bytes, Error, references and actor classes; no functions, symbols or other objects',
  },
  ERR_ACTOR_METHOD: {
    message: 'An actor was sent a message that its class has no public method for',
    fix: 'Run the same version in all workers; names that begin with _ and those of Actor itself are not messages',
  },
  ERR_ACTOR_MAILBOX_FULL: {
    message: 'The mailbox of an actor is full, and it takes no more',
    fix: 'Send less at once, ask instead of telling, or raise the limit of its mailbox',
  },
  ERR_ACTOR_NAME_TAKEN: {
    message: 'The name belongs to another actor',
    fix: 'Choose another name, or unregister the actor that has it',
  },
  ERR_ACTOR_NAME_UNKNOWN: {
    message: 'No living actor has the name',
    fix: 'Register it first; whereis answers null instead of throwing',
  },
  ERR_ACTOR_CLASS_NAME: {
    message: 'An actor class cannot be found by its name',
    fix: 'Give each class a name of its own with static actorName, and use the same in all workers',
  },
  ERR_ACTOR_CREATION: {
    message: 'An actor was made with new',
    fix: 'Use spawn, whereis or a supervisor, which make the actor and answer with its reference',
  },
  ERR_ACTOR_RECEIVE: {
    message: 'An actor waits in receive already',
    fix: 'Await one receive before the next; one matcher may take several kinds of messages',
  },
  ERR_ACTOR_RESTARTS: {
    message: 'The children of a supervisor end more often than its intensity allows',
    fix: 'See why they end; raise intensity or periodMs only when that is known',
  },
  ERR_ACTOR_START: {
    message: 'A child of a supervisor did not start',
    fix: 'See the cause of this error',
  },
  ERR_ACTOR_CHILD: {
    message: 'A supervisor cannot do that with this child',
    fix: 'Use an id once, and the ids that whichChildren shows',
  },
  ERR_ACTOR_SYSTEM: {
    message: 'The actor system is stopped, or cannot do what was asked of it',
    fix: 'Spawn before stop; a system joins one mesh, once',
  },

  // Requests of the servlet model: each fails alone, and its connection goes on
  ERR_REQUEST_FAILED: {
    message: 'The handler of the route failed to answer a request',
    fix: 'Report it to whoever runs the server, whose log has the error',
  },
  ERR_REQUEST_DEADLINE: {
    message: 'A request took longer than the route allows',
    fix: 'Ask for less at once or later again; or raise deadlineMs, and heed exchange.signal in the handler',
  },
  ERR_REQUEST_ENVELOPE: {
    message: 'A message is not a request with an id',
    fix: 'Send JSON as text: { "id": …, "data": … }; an id is an integer or a string of 1 to 128 characters',
  },
  ERR_REQUEST_ID: {
    message: 'A request has the id of one that is not answered yet',
    fix: 'Give every request an id that no other has until its last reply',
  },
  ERR_REPLY_INVALID: {
    message: 'A handler returned what cannot be sent as a reply',
    fix: 'Return a string, bytes, several of them as an iterator, or nothing; objects need a contract or ids',
  },

  // What a program or an operator sets
  ERR_OPTION_INVALID: {
    message: 'An option has a value that Holdline cannot take',
    fix: 'Correct the option named here; the guide lists all with their ranges',
  },
  ERR_ARGUMENT_UNKNOWN: {
    message: 'The command does not know an argument',
    fix: 'Run holdline --help to see all of them',
  },
  ERR_ARGUMENT_INVALID: {
    message: 'An argument of the command has a value that it cannot take',
    fix: 'Correct it, or run holdline --help to see what it takes',
  },
  ERR_ROUTE_INVALID: {
    message: 'A route cannot be served',
    fix: 'Paths begin with / and their parameters are whole segments such as /room/:id, each path once',
  },
  ERR_CLOSE_ARGUMENT: {
    message: 'A connection was closed with a code or reason that cannot be sent',
    fix: 'Use a code of 1000–1003, 1007–1014 or 3000–4999 and a string of at most 123 bytes of UTF-8',
  },
  ERR_CONNECTION_CLOSED: {
    message: 'The connection is closed; the message was not sent',
    fix: 'Stop sending when the connection closes',
  },
  ERR_TOPIC_NAME: {
    message: 'A topic name is not allowed',
    fix: 'Use a string of 1 to 255 bytes without control characters',
  },
  ERR_LISTEN_IN_USE: {
    message: 'The address is already in use',
    fix: 'Stop the other program or choose another port',
  },
  ERR_LISTEN_DENIED: {
    message: 'The address may not be listened on',
    fix: 'Use a port from 1024 up, or give the process the right to bind this one',
  },
  ERR_LISTEN_ADDRESS: {
    message: 'The address does not exist on this machine',
    fix: 'Listen on an address of this machine, on 0.0.0.0, or on ::',
  },
  ERR_LISTEN_FAILED: {
    message: 'The server could not listen',
    fix: 'See the cause of this error',
  },
  ERR_ENGINE_UNAVAILABLE: {
    message: 'The engine that was asked for cannot run here',
    fix: "Use engine: 'auto', which takes the fastest that runs, or remove the reason that is given",
  },
  ERR_SERVER_CLOSED: {
    message: 'The server is closed',
    fix: 'Do not use a server after close; stop what publishes first',
  },
  ERR_BROKER_START: {
    message: 'The broker could not start',
    fix: 'See the cause of this error; the directory for temporary files has to be writable',
  },
  ERR_BROKER_STOPPED: {
    message: 'The broker does not run; the publication went nowhere',
    fix: 'Publish after start and before stop',
  },
  ERR_BROKER_BACKLOG: {
    message: 'A process of this machine does not take publications, and its backlog is full',
    fix: 'Publish less at once, or wait for the promise of publish; a process that takes nothing is replaced',
  },
  ERR_PUBLICATION_TOO_BIG: {
    message: 'A publication is longer than the broker carries',
    fix: 'Publish at most 64 MiB at once, or publish where the data can be had',
  },
  ERR_MESH_STOPPED: {
    message: 'This worker takes no part in what the workers of the machine say to each other',
    fix: 'Use the mesh after start and before stop; it ends with the server, or with the supervisor',
  },
  ERR_MESH_MESSAGE_TOO_BIG: {
    message: 'A message to another worker is longer than is carried',
    fix: 'Send at most 64 MiB at once, or send where the data can be had',
  },
  ERR_WORKER_NAME: {
    message: 'A name that a worker is to own is not allowed',
    fix: 'Use a string of 1 to 1,024 characters',
  },
  ERR_WORKER_NAMES: {
    message: 'The workers of this machine own as many names as they may',
    fix: 'Release names that are no longer used; 1,000,000 can be owned at a time',
  },
  ERR_WORKER_START: {
    message: 'A worker ended before it listened',
    fix: 'See what the worker printed; run with processes: 1 to find out why',
  },
  ERR_WORKER_RESTARTS: {
    message: 'Workers end more often than the restart intensity allows',
    fix: 'See why they end; raise restart.intensity only when that is known',
  },

  // The raw event loop (holdline/loop)
  ERR_LOOP_BACKEND: {
    message: 'The backend of the event loop that was asked for cannot run here',
    fix: 'Leave the backend out, which takes the best that runs, or remove the reason that is given',
  },
  ERR_LOOP_DESCRIPTOR: {
    message: 'The descriptor is not open in this event loop',
    fix: 'Use descriptors that listen, connect or adopt gave, and none after close',
  },
  ERR_LOOP_WATCHED: {
    message: 'The descriptor is watched by another event',
    fix: 'Change what is watched with update, or delete the other event first',
  },
  ERR_LOOP_CALLBACK: {
    message: 'A callback of the event loop threw; its descriptor was closed',
    fix: 'See the cause of this error',
  },
  ERR_LOOP_ACCEPT: {
    message: 'A new line could not be accepted; accepting pauses and goes on by itself',
    fix: 'Raise the limit of open descriptors (ulimit -n), or close lines that are idle',
  },
  ERR_LOOP_CLOSED: {
    message: 'The event loop is closed',
    fix: 'Do not use an event loop after close',
  },

  // Dispatch queues
  ERR_QUEUE_CYCLE: {
    message: 'A queue would be its own target, directly or through other queues',
    fix: 'Let targets lead in one direction, to a queue without a target',
  },
  ERR_QUEUE_ACTIVE: {
    message: 'The target of a queue was changed after the queue was activated',
    fix: 'Create the queue with inactive: true, set its target, then call activate',
  },
  ERR_QUEUE_DEADLOCK: {
    message: 'A block waits for a queue that it holds itself',
    fix: 'Call the function directly, or hand it to async and do not wait for it in this block',
  },
  ERR_QUEUE_BUSY: {
    message: 'sync would have to wait, and one thread cannot wait and work',
    fix: 'Use await queue.async(…); sync serves queues whose blocks return no promises and that are not suspended',
  },
  ERR_QUEUE_RESUME: {
    message: 'A queue was resumed more often than suspended',
    fix: 'Call resume once for each suspend; a queue that was never active begins with activate',
  },
  ERR_QUEUE_FULL: {
    message: 'A queue holds as many waiting blocks as its limit allows',
    fix: 'Wait for promises of earlier blocks before adding more, or raise limit',
  },
  ERR_GROUP_LEAVE: {
    message: 'A group was left more often than entered',
    fix: 'Call leave once for each enter; group.async does both by itself',
  },
  ERR_POOL_MISSING: {
    message: 'Queues on threads need the package piscina, which is not installed',
    fix: 'Run npm install piscina@5',
  },
  ERR_POOL_TASK: {
    message: 'The task file cannot be loaded or exports no function of this name',
    fix: 'Export the function by name from the file that queue.pool was given; see the cause, if there is one',
  },
  ERR_POOL_THREAD: {
    message: 'The thread that ran a task ended before the task did',
    fix: 'See the detail and the cause: process.exit, memory beyond resourceLimits, or an error outside of the task',
  },
  ERR_POOL_CLONE: {
    message: 'An argument or a result of a task cannot be sent between threads',
    fix: 'Pass data only: no functions, no class instances with private state, no buffer that was transferred before',
  },
  ERR_POOL_CLOSED: {
    message: 'The pool is closed; the task was not run',
    fix: 'Run tasks before close; close waits for those it has',
  },

  // Channels, select, contexts and task groups (CSP)
  ERR_CHANNEL_CLOSED: {
    message: 'A value was sent on a closed channel',
    fix: 'Let the one who sends close the channel, after its last send',
  },
  ERR_CHANNEL_CLOSED_TWICE: {
    message: 'A channel was closed that is closed already',
    fix: 'Let one task alone close a channel, once',
  },
  ERR_CHANNEL_CAPACITY: {
    message: 'The capacity of a channel is out of range',
    fix: 'Use an integer from 0 (a send waits for its receive) to 1073741824',
  },
  ERR_SELECT_CASE: {
    message: 'A case of a select is none',
    fix: 'Give channels, send(channel, value), after(ms), otherwise, or null for a case that is never ready',
  },
  ERR_CONTEXT_CANCELLED: {
    message: 'The context is cancelled',
    fix: 'Stop what was done for it; its cause says why',
  },
  ERR_CONTEXT_DEADLINE: {
    message: 'The deadline of the context has passed',
    fix: 'Stop what was done for it, or give it more time',
  },
  ERR_GROUP_ENDED: {
    message: 'A task was started in a group that has ended',
    fix: 'Start tasks before the function of the group returns or wait() resolves',
  },
  // Threads, one for each connection
  ERR_THREADS_BUSY: {
    message: 'The route runs as many threads as it may',
    fix: 'Try again later; raise maxThreads, or set waitMs to let requests wait for a thread',
    closeCode: 1013,
    status: 503,
  },
  ERR_THREAD_MODULE: {
    message: 'The module of a route of threads cannot be used',
    fix: 'Give threads the URL of a module whose default export is blocking(…); see the cause, if there is one',
    closeCode: 1011,
  },
  ERR_THREAD_DATA: {
    message: 'The data of a connection cannot be cloned for its thread',
    fix: 'Let upgrade give plain data: no functions, no sockets, no objects of classes with private fields',
    closeCode: 1011,
  },
  ERR_THREAD_EXITED: {
    message: 'A thread ended before the handler of its connection returned',
    fix: 'See the detail and the cause: process.exit, memory beyond resourceLimits, or an error outside of the handler',
    closeCode: 1011,
  },
  ERR_THREAD_GRACE: {
    message:
      'A handler did not return in time after its connection had ended; its thread was stopped',
    fix: 'Return when recv gives null or send says closed, or raise graceMs',
    closeCode: 1011,
  },
  ERR_THREAD_STALLED: {
    message:
      'A handler took no message for too long while its connection was held back; its thread was stopped',
    fix: 'Call recv more often, or raise stallMs',
    closeCode: 1011,
  },
  ERR_THREAD_MESSAGE_LENGTH: {
    message: 'A message is too long to be sent without waiting',
    fix: 'Use send, which sends it in parts, or raise ringBytes',
  },
  ERR_THREAD_PUBLISH: {
    message: 'A session published on a route that has no publish function',
    fix: 'Give the route one: threads(url, { publish: (topic, message) => server.publish(topic, message) })',
  },
} as const

export type ErrorCode = keyof typeof entries

/** Every code with its entry. */
export const errorCatalogue: Readonly<Record<ErrorCode, ErrorEntry>> = entries

/** An error with a code of the catalogue. `message` holds the sentence, an optional detail, and the fix. */
export class HoldlineError extends Error {
  readonly code: ErrorCode
  /** What this very case was about: a value, a path, a limit. */
  readonly detail: string | undefined

  constructor(code: ErrorCode, detail?: string, options?: ErrorOptions) {
    const entry = errorCatalogue[code]
    super(`${entry.message}${detail === undefined ? '' : `: ${detail}`}. ${entry.fix}.`, options)
    this.name = 'HoldlineError'
    this.code = code
    this.detail = detail
  }

  /** Close code for the wire; 1011 where the entry names none. */
  get closeCode(): number {
    return errorCatalogue[this.code].closeCode ?? 1011
  }

  /** HTTP status; 500 where the entry names none. */
  get status(): number {
    return errorCatalogue[this.code].status ?? 500
  }
}
