// What Redis does for a topic in one step: scripts, which nothing comes between. Owns how a history lies in Redis; knows
// no connection.
//
// The head of a topic is a hash { epoch, offset, bytes, time, until, loss }. Its log is a stream; the id of a publication
// is `offset-bytes`, where bytes is the sum of all messages of the epoch before it: what is kept is measured without
// adding up, and whatever an operator deletes. Fields: `t` (text) or `b` (bytes) with the message, `at`, perhaps `key`.
//
// The first write of a script is one that Redis refuses when its memory is full (XADD, HSET): all of it happens, or none.

import { createHash } from 'node:crypto'

/** How long a topic that nobody uses stays, beyond its age. */
const IDLE_MS = 86_400_000
const IDEMPOTENCY_WINDOW_MS = 120_000

export interface Script {
  readonly source: string
  readonly sha: string
}

export interface TopicScripts {
  /** KEYS head, log, [once]; ARGV the six, channel, kind, message, [key]. Answers [epoch, offset]. */
  readonly append: Script
  /** KEYS head, log; ARGV the six. Answers [epoch, offset]. */
  readonly head: Script
  /**
   * KEYS head, log; ARGV the six, epoch ('' for the start), offset, count, bytes. Answers [lost, epoch, offset, start] or
   * ['', epoch, offset, entry, …].
   */
  readonly read: Script
}

// ARGV of all: 1 an epoch for a topic that has none, 2 and 3 the epoch and offset that this process has seen, 4 count,
// 5 bytes, 6 ageMs.
const common = `
local function text(number) return string.format('%.0f', number) end
local time = redis.call('TIME')
local now = time[1] * 1000 + math.floor(time[2] / 1000)
local head = redis.call('HMGET', KEYS[1], 'epoch', 'offset', 'bytes', 'time', 'until', 'loss',
  'first', 'looked')
local epoch, loss = head[1], head[6] or 'trimmed'
local offset, total = tonumber(head[2] or '0'), tonumber(head[3] or '0')
local keptUntil = tonumber(head[5] or '0')
-- What is kept begins behind this many bytes, or later; and when somebody last looked.
local first, looked = tonumber(head[7] or '0'), tonumber(head[8] or '0')
-- Who asks has seen more than there is: Redis has forgotten acknowledged publications, and offsets must not be used twice.
local isNew = not epoch or (epoch == ARGV[2] and tonumber(ARGV[3]) > offset)
if isNew then
  epoch, offset, total, keptUntil, loss, first, looked = ARGV[1], 0, 0, 0, 'trimmed', 0, 0
end
local last = tonumber(head[4] or '0')
if last > now then now = last end

local function deleteOldLog()
  if isNew and redis.call('EXISTS', KEYS[2]) == 1 then redis.call('DEL', KEYS[2]) end
end

local function trim()
  local count, bytes, oldest = tonumber(ARGV[4]), tonumber(ARGV[5]), now - tonumber(ARGV[6])
  local length = redis.call('XLEN', KEYS[2])
  local left, from, step, isDone = length, '-', 1, false
  looked = now
  while left > 1 and not isDone do
    local page = redis.call('XRANGE', KEYS[2], from, '+', 'COUNT', step)
    if #page == 0 then break end
    for _, entry in ipairs(page) do
      local before = tonumber(string.match(entry[1], '%d+$'))
      local isOld = tonumber(entry[2][4]) < oldest
      first = before
      if left <= 1 or not (isOld or left > count or total - before > bytes) then
        isDone = true
        break
      end
      loss = isOld and 'expired' or 'trimmed'
      left = left - 1
      from = '(' .. entry[1]
      first = before + #entry[2][2]
      -- What the next one is, is known without it, but for its age: it is younger than one that is not old.
      isDone = not (isOld or left > count or total - first > bytes)
      if isDone then break end
    end
    step = math.min(2 * step, 64)
  end
  if left < length then redis.call('XTRIM', KEYS[2], 'MAXLEN', '=', left) end
  return left < length
end

local function writeHead()
  redis.call('HSET', KEYS[1], 'epoch', epoch, 'offset', text(offset), 'bytes', text(total),
    'time', text(now), 'loss', loss, 'first', text(first), 'looked', text(looked))
end

local function keep(isLogNew)
  local age = tonumber(ARGV[6])
  if not isLogNew and keptUntil > now + age + ${IDLE_MS / 2} then return end
  local ms = text(age + ${IDLE_MS})
  redis.call('HSET', KEYS[1], 'until', text(now + age + ${IDLE_MS}))
  redis.call('PEXPIRE', KEYS[1], ms)
  redis.call('PEXPIRE', KEYS[2], ms)
end

local function ensure()
  if isNew then
    writeHead()
    deleteOldLog()
  end
  keep(false)
end
`

const append = `
if KEYS[3] and not isNew then
  local known = redis.call('GET', KEYS[3])
  if known then
    local knownEpoch, knownOffset = string.match(known, '^(%S+) (%d+)$')
    if knownEpoch == epoch then return { epoch, knownOffset } end
  end
end
local message, key = ARGV[9], ARGV[10]
local id = text(offset + 1) .. '-' .. text(total)
-- The log of an epoch that is over has greater ids, maybe.
if isNew and redis.call('EXISTS', KEYS[2]) == 1 then
  writeHead()
  redis.call('DEL', KEYS[2])
end
if key then
  redis.call('XADD', KEYS[2], 'MAXLEN', '=', ARGV[4], id, ARGV[8], message, 'at', text(now), 'key', key)
else
  redis.call('XADD', KEYS[2], 'MAXLEN', '=', ARGV[4], id, ARGV[8], message, 'at', text(now))
end
offset = offset + 1
total = total + #message
if KEYS[3] then
  redis.call('SET', KEYS[3], epoch .. ' ' .. text(offset), 'PX', ${IDEMPOTENCY_WINDOW_MS})
end
local offsetText = text(offset)
-- Reading the oldest costs more than all the rest. Whoever reads sees to the age exactly.
if isNew or total - first > tonumber(ARGV[5]) or now > looked + tonumber(ARGV[6]) / 16 or
  (loss ~= 'trimmed' and offset > tonumber(ARGV[4])) then
  trim()
  if offset > tonumber(ARGV[4]) then loss = 'trimmed' end
  writeHead()
else
  redis.call('HSET', KEYS[1], 'offset', offsetText, 'bytes', text(total), 'time', text(now))
end
keep(offset == 1)
redis.call('PUBLISH', ARGV[7], 'h' .. ARGV[8] .. ' ' .. epoch .. ' ' .. offsetText .. ' ' .. text(now) ..
  ' ' .. (key and #key or '-') .. '\\n' .. (key or '') .. message)
return { epoch, offsetText }
`

const head = `
ensure()
return { epoch, text(offset) }
`

const read = `
ensure()
if trim() then writeHead() end
local oldest = redis.call('XRANGE', KEYS[2], '-', '+', 'COUNT', 1)[1]
local start = oldest and tonumber(string.match(oldest[1], '^%d+')) - 1 or offset
local function lost(reason, from) return { reason, epoch, text(offset), text(from) } end
local after = start
if ARGV[7] ~= '' then
  after = tonumber(ARGV[8])
  if ARGV[7] ~= epoch then return lost('epoch', start) end
  if after > offset then return lost('future', start) end
  if after < start then return lost(loss, start) end
end
local answer = { '', epoch, text(offset) }
local left, bytes, step, from = tonumber(ARGV[9]), tonumber(ARGV[10]), 16, text(after + 1)
while left > 0 do
  local asked = math.min(left, step)
  local page = redis.call('XRANGE', KEYS[2], from, '+', 'COUNT', asked)
  for _, entry in ipairs(page) do
    local at = tonumber(string.match(entry[1], '^%d+'))
    bytes = bytes - #entry[2][2]
    local isFirst = #answer == 3
    if at ~= after + 1 then
      -- Somebody has deleted from the middle: what is behind the hole begins another page.
      if isFirst then return lost('trimmed', at - 1) end
      return answer
    end
    if bytes < 0 and not isFirst then return answer end
    answer[#answer + 1] = entry
    after = at
    from = '(' .. entry[1]
  end
  if #page < asked then break end
  left = left - asked
  step = 128
end
return answer
`

export const topicScripts: TopicScripts = {
  append: script(append),
  head: script(head),
  read: script(read),
}

/** For a cluster: what is told goes to those who listen at the node that has the topic, and to no other node. */
export const shardedTopicScripts: TopicScripts = {
  ...topicScripts,
  append: script(append.replace("'PUBLISH'", "'SPUBLISH'")),
}

function script(body: string): Script {
  const source = common + body
  return { source, sha: createHash('sha1').update(source).digest('hex') }
}
