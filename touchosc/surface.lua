-- What the surface shows of the daemon's answers. `build.py` puts ROWS, MODELS, PORT and COLOURS above this.
-- TouchOSC runs Lua 5.1 and calls init, update and onReceiveOSC at the root first.

local ONE = { true }
local takes, rows = {}, {}
local heardAt, calledAt, linked = -100000, -100000, false

local function control(name)
  return self:findByName(name, true)
end

local function show(name, text)
  control(name).values.text = text
end

local function clip(text, length)
  if #text > length then return string.sub(text, 1, length - 1) .. '~' end
  return text
end

-- The takes -----------------------------------------------------------------------------------------------------

local function showRow(n)
  local take = takes[rows[n]]
  show('take' .. n, take and string.format('%d%s  %s\n%s', take.id, take.letter, take.name, take.state) or '')
  for _, action in ipairs({ 'play', 'more', 'again', 'stop' }) do
    control(action .. n).tag = take and string.format('%d', take.id) or '0'
  end
end

local function showTake(id)
  for n = 1, ROWS do
    if rows[n] == id then showRow(n) end
  end
end

-- The newest take has the highest number, whenever it is heard of.
local function remember(id)
  if takes[id] then return takes[id] end
  local take, place = { id = id, letter = '', name = '', state = '', draft = 0 }, 1
  takes[id] = take
  while rows[place] and rows[place] > id do place = place + 1 end
  table.insert(rows, place, id)
  if #rows > ROWS then
    takes[rows[ROWS + 1]] = nil
    rows[ROWS + 1] = nil
  end
  for n = 1, #rows do showRow(n) end
  return take
end

local function named(path)
  return clip((string.match(path, '([^/\\]+)%.%w+$') or path), 22)
end

-- What a draft's row says is how far its final is.
local function tellDraft(take)
  local draft = takes[take.draft]
  if draft then
    draft.state = string.format('final %d: %s', take.id, take.gist)
    showTake(draft.id)
  end
end

-- gist: the state in a word, where there is less room.
local function say(id, state, gist)
  local take = remember(id)
  take.state, take.gist = state, gist or state
  showTake(id)
  tellDraft(take)
end

-- Made, but not in the drop folder as far as was heard.
local function isLanding(take)
  return take.state == 'done' or take.state == 'held'
end

-- One take makes another, its draft, once more.
local function finalOf(number, id)
  local take, draft = remember(id), takes[number]
  take.draft, take.name = number, string.format('final of %d', number)
  if draft and take.letter == '' then take.letter = draft.letter end
  take.gist = take.gist or 'waits'
  showTake(id)
  tellDraft(take)
end

local function progress(fraction, text)
  control('progress').values.x = math.max(0, math.min(1, fraction))
  show('progress text', text)
end

-- Choices and models --------------------------------------------------------------------------------------------

local function light(name, on)
  local pad, colour = control(name), COLOURS[name]
  local k = on and 1 or 0.4
  pad.color = Color(colour[1] * k, colour[2] * k, colour[3] * k, 1)
  control(name .. ' text').textColor = on and Color(1, 1, 1, 1) or Color(0.7, 0.72, 0.75, 1)
end

local function word(value)
  return type(value) == 'number' and string.format('%g', value) or tostring(value)
end

local function choose(setting, value)
  for _, name in ipairs(CHOICES[setting] or {}) do
    light(name, name == setting .. '=' .. word(value))
  end
end

local models, warm, chosen = {}, {}, { model = '', final = '' }

-- The names on a row of pads: the first that were told of, and always the one that is chosen.
local function offered(choice)
  local names, there = {}, choice == ''
  for n = 1, math.min(#models, MODELS) do
    names[n] = models[n]
    there = there or models[n] == choice
  end
  if not there then names[math.min(#names + 1, MODELS)] = choice end
  return names
end

-- Models differ at their ends.
local function brief(name)
  return #name > 19 and string.sub(name, 1, 10) .. '~' .. string.sub(name, -8) or name
end

local function showModels()
  for row, choice in pairs(chosen) do
    local names = offered(choice)
    for n = 1, MODELS do
      local pad, name = control(row .. n), names[n] or ''
      pad.tag, pad.visible = name, name ~= ''
      show(row .. n .. ' text', brief(name) .. (warm[name] and ' *' or ''))
      light(row .. n, name ~= '' and name == choice)
    end
  end
end

local function model(name, state)
  if warm[name] == nil then models[#models + 1] = name end
  warm[name] = state == 'warm'
  showModels()
end

-- What the daemon says ------------------------------------------------------------------------------------------

local recording, heard = 0, {}
local answers = {}

-- A sound that the next takes may follow.
local function offer(name, seconds)
  show('input', string.format('%s  %.1f s', clip(name, 30), seconds))
  control('melody').tag, control('style').tag = name, name
end

answers['/pong'] = function()
  heardAt = getMillis()
  if not linked then
    linked = true
    show('link', 'connected')
    sendOSC('/state', 1, ONE)
    sendOSC('/models', 1, ONE)
    sendOSC('/takes', ROWS, ONE)
    sendOSC('/status', 1, ONE)
  end
end
answers['/take/queued'] = function(id, position, client, letter)
  local take = remember(id)
  take.letter = letter or take.letter
  say(id, position == 0 and 'next' or string.format('waits, %d before it', position), 'waits')
end
answers['/take/started'] = function(id)
  say(id, 'starts')
  progress(0, string.format('take %d', id))
end
answers['/take/progress'] = function(id, fraction, eta)
  say(id, string.format('%d %%', fraction * 100))
  progress(fraction, string.format('take %d   %d %%   %.0f s left', id, fraction * 100, eta))
end
answers['/take/playing'] = function(id, latency)
  show('link', string.format('take %d heard after %.2f s', id, latency))
end
answers['/take/done'] = function(id, seconds, speed)
  say(id, string.format('%.1f s  %.1fx', seconds, speed), 'done')
  progress(1, string.format('take %d   %.1f s at %.1fx', id, seconds, speed))
end
answers['/take/cancelled'] = function(id)
  say(id, 'cancelled')
  progress(0, string.format('take %d cancelled', id))
end
answers['/take/failed'] = function(id, code, reason)
  say(id, 'failed')
  progress(0, string.format('take %d failed', id))
  show('error', clip(string.format('take %d: %s', id, reason), 220))
end
answers['/take/final'] = finalOf
answers['/stem/saved'] = function(id, path)
  local take = remember(id)
  if take.draft == 0 then take.name = named(path) end
  if isLanding(take) then say(id, 'saved') else showTake(id) end
end
answers['/takes/reply'] = function(id, state, letter, model, prompt, path, draft)
  local take = remember(id)
  take.letter = letter == 'A' and take.letter or letter
  take.name = path == '' and clip(prompt, 22) or named(path)
  if take.state == '' or isLanding(take) or state == 'held' then take.state, take.gist = state, state end
  showTake(id)
  if draft then finalOf(draft, id) end
end
answers['/jam/started'] = function(id)
  show('jam state', string.format('jam %d plays', id))
end
answers['/jam/stopped'] = function()
  show('jam state', '')
end
answers['/jam/kept'] = function(id, seconds)
  show('jam state', string.format('take %d keeps its last %.1f s', id, seconds))
end
answers['/status/reply'] = function()
  local told = {}
  for n = 1, #heard - 1, 2 do told[heard[n]] = heard[n + 1] end
  if told.jam then show('jam state', told.jam ~= 0 and string.format('jam %d plays', told.jam) or '') end
  if told.engine then show('engine', told.engine) end
  if told.engine_reason then show('error', clip('the engine is ' .. told.engine .. ': ' .. told.engine_reason, 220)) end
end
answers['/state/morph/prompt'] = function(slot, text)
  show(string.format('morph prompt %d', slot), clip(text, 60))
end
answers['/record/waiting'] = function(seconds)
  show('record state', string.format('begins in %.1f s', seconds))
end
answers['/record/started'] = function(name, seconds)
  recording = seconds
  show('record state', string.format('records %.1f s', seconds))
end
answers['/record/progress'] = function(seconds, level)
  show('record state', string.format('%.1f of %.1f s', seconds, recording))
  control('record level').values.x = math.max(0, math.min(1, level / 60 + 1))
end
answers['/record/cancelled'] = function()
  show('record state', 'cancelled')
  control('record level').values.x = 0
end
answers['/record/done'] = function(name, seconds)
  show('record state', string.format('%.1f s are there', seconds))
  control('record level').values.x = 0
  offer(name, seconds)
end
answers['/input/landed'] = offer
answers['/monitor/level'] = function(left, right)
  control('level left').values.x = math.max(0, math.min(1, left / 60 + 1))
  control('level right').values.x = math.max(0, math.min(1, right / 60 + 1))
end
answers['/models/reply'] = model
answers['/model/ready'] = function(name, seconds)
  model(name, 'warm')
  show('link', string.format('%s is warm after %.1f s', name, seconds))
end
answers['/model/unloaded'] = function(name)
  model(name, 'installed')
end
answers['/state/model'] = function(name)
  chosen.model = name
  showModels()
end
answers['/state/finish_with'] = function(name)
  chosen.final = name
  showModels()
end
answers['/state/gain'] = function(gain)
  show('gain text', string.format('%.0f dB', gain))
end
answers['/error'] = function(address, reason)
  show('error', clip(address .. ': ' .. reason, 220))
end

function onReceiveOSC(message, connections)
  local path, arguments, values = message[1], message[2], {}
  for n = 1, #arguments do values[n] = arguments[n].value end
  heard = values
  if answers[path] then
    answers[path](values[1], values[2], values[3], values[4], values[5], values[6], values[7])
  end
  local setting = string.match(path, '^/state/(.+)$')
  if setting and CHOICES[setting] then choose(setting, values[1]) end
  if setting and NUMBERS[setting] then
    show(setting .. ' text', type(values[1]) == 'number' and string.format('%.3g', values[1]) or tostring(values[1]))
    -- "model" is a word: the fader stays where it is.
    return type(values[1]) ~= 'number'
  end
  return false
end

-- The connection ------------------------------------------------------------------------------------------------

function init()
  show('link', 'looking for the daemon')
end

function update()
  local now = getMillis()
  if now - calledAt > 5000 then
    calledAt = now
    sendOSC('/subscribe', PORT, ONE)
    sendOSC('/ping', 1, ONE)
  end
  if linked and now - heardAt > 12000 then
    linked = false
    show('link', 'the daemon does not answer')
  end
end
