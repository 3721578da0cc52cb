// The catalogue's part of the programming models.

export const modelErrors = {
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
    message: 'A sync would have to wait, and one thread cannot wait and work',
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
