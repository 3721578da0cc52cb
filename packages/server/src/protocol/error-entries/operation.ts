// The catalogue's part of what a program or an operator sets, and of what runs beside the lines.

export const operationErrors = {
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
    fix: 'Do what the detail and the cause of this error say; without a server of its own, the directory for temporary files has to be writable',
  },
  ERR_BROKER_STOPPED: {
    message: 'The broker does not run; the publication went nowhere',
    fix: 'Publish after start and before stop',
  },
  ERR_BROKER_BACKLOG: {
    message:
      'The broker, or a process of this machine, does not take publications, and what waits is at its bound',
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
} as const
