-- A stand-in of REAPER: a project with tracks and items, a folder with files, deferred functions, ext state.
local files, listed, lengths = {}, {}, {}
local tracks, items, notes, undo, cursor, now = {}, {}, {}, {}, CURSOR, 0
local states, deferred, closing, refresh, selected, asked = {}, nil, nil, 0, nil, nil
local block = false
local function note(text) notes[#notes + 1] = text end
local function has(list, value) for _, v in ipairs(list) do if v == value then return true end end return false end
reaper = {
  get_action_context = function() return false, 'audiogen_insert.lua', 0, 53001, 0, 0, 0 end,
  GetExtState = function(section, key) return states[section .. '/' .. key] or '' end,
  SetExtState = function(section, key, value, persist) states[section .. '/' .. key] = value end,
  SetToggleCommandState = function(section, command, state) note('toggle ' .. state) return true end,
  RefreshToolbar2 = function(section, command) end,
  -- Of one field no more is returned than what stands before the separator, a comma unless the captions say another.
  GetUserInputs = function(title, count, captions, values)
    asked = values
    if ANSWER == '<cancel>' then return false, values end
    local separator, answer = captions:match('separator=(.)') or ',', ANSWER ~= '' and ANSWER or values
    return true, answer:sub(1, (answer:find(separator, 1, true) or #answer + 1) - 1)
  end,
  -- The listing is kept until index -1 asks for a new one.
  EnumerateFiles = function(folder, index)
    assert(folder == FOLDER, 'another folder: ' .. folder)
    if index < 0 then
      listed = {}
      for _, name in ipairs(files) do listed[#listed + 1] = name end
      return nil
    end
    return listed[index + 1]
  end,
  time_precise = function() return now end,
  defer = function(callback) deferred = callback end,
  atexit = function(callback) closing = callback end,
  GetCursorPosition = function() return cursor end,
  SetEditCurPos = function(position, move, seek) cursor = position end,
  CountTracks = function(project) return #tracks end,
  GetTrack = function(project, index) return tracks[index + 1] end,
  GetSelectedTrack = function(project, index) return index == 0 and selected or nil end,
  SetOnlyTrackSelected = function(track) selected = track end,
  InsertTrackAtIndex = function(index, defaults)
    assert(block, 'a track is made outside the undo block')
    table.insert(tracks, index + 1, { name = '' })
  end,
  GetSetMediaTrackInfo_String = function(track, key, value, set) assert(key == 'P_NAME' and set) track.name = value end,
  PCM_Source_CreateFromFile = function(path)
    local name = path:sub(#FOLDER + 2)
    if path:sub(1, #FOLDER + 1) ~= FOLDER .. '/' or not lengths[name] then return nil end
    return { path = path, length = lengths[name] }
  end,
  PCM_Source_Destroy = function(source) note('destroyed') end,
  GetMediaSourceLength = function(source) return source.length, false end,
  AddMediaItemToTrack = function(track)
    assert(block, 'an item is made outside the undo block')
    local item = { track = track, info = {} }
    items[#items + 1] = item
    return item
  end,
  AddTakeToMediaItem = function(item) item.take = {} return item.take end,
  SetMediaItemTake_Source = function(take, source) take.source = source return true end,
  GetSetMediaItemTakeInfo_String = function(take, key, value, set) assert(key == 'P_NAME' and set) take.name = value end,
  SetMediaItemInfo_Value = function(item, key, value) item.info[key] = value return true end,
  PreventUIRefresh = function(change) refresh = refresh + change end,
  Undo_BeginBlock = function() assert(not block) block = true end,
  Undo_EndBlock = function(text, flags) assert(block) block = false undo[#undo + 1] = text end,
  Main_OnCommand = function(id, flag) assert(id == 40047) end,
  UpdateArrange = function() end,
  ShowConsoleMsg = function(text) note(text) end,
}
setmetatable(reaper, { __index = function(_, name) error('no such call: reaper.' .. name) end })
local function start() assert(loadfile(PATH))() end
local function tick(seconds)
  now = now + seconds
  local callback = deferred
  deferred = nil
  if callback then callback() end
end
local function land(name, length) files[#files + 1] = name lengths[name] = length end
local function track(name) tracks[#tracks + 1] = { name = name } selected = tracks[#tracks] end
--PLAY--
local function quote(text) return '"' .. text:gsub('[\\"]', '\\%0'):gsub('\n', '\\n') .. '"' end
local out = {}
for _, item in ipairs(items) do
  local i, form = item.info, '{"name":%s,"track":%s,"path":%s,"at":%.3f,"length":%.3f,"loop":%d}'
  out[#out + 1] = string.format(form, quote(item.take.name), quote(item.track.name), quote(item.take.source.path),
    i.D_POSITION, i.D_LENGTH, i.B_LOOPSRC)
end
local function list(words)
  local quoted = {}
  for _, word in ipairs(words) do quoted[#quoted + 1] = quote(word) end
  return '[' .. table.concat(quoted, ',') .. ']'
end
io.write('{"items":[', table.concat(out, ','), '],"undo":', list(undo), ',"notes":', list(notes), ',"cursor":', cursor,
  ',"refresh":', refresh, ',"waits":', tostring(deferred ~= nil), ',"asked":', quote(asked or ''), ',"tracks":', #tracks, '}')
