-- Insert each stem that lands in audiogen's drop folder at the edit cursor, on the selected track.
--
-- A ReaScript for REAPER 6 and later: Actions > Show action list > New action > Load ReaScript. Run it once to switch
-- it on and once more to switch it off. What is in the folder already is left alone. The edit cursor moves to the end
-- of what was inserted, so takes of one request follow each other; one undo step takes each of them back.

local SECTION = 'audiogen'
local INTERVAL = 0.5 -- seconds between two looks into the folder
local TRIES = 20 -- looks after which a file that cannot be read is given up

local known, tries, nextLook = {}, {}, 0
local SOUND = { wav = true, flac = true, aiff = true, aif = true }
local folder, command, section

local function home()
  return os.getenv('HOME') or os.getenv('USERPROFILE') or ''
end

-- REAPER keeps a folder's listing until it is asked for the file of index -1.
local function stems()
  local found = {}
  reaper.EnumerateFiles(folder, -1)
  local index, name = 0, reaper.EnumerateFiles(folder, 0)
  while name do
    local extension = name:lower():match('%.(%w+)$')
    if name:sub(1, 1) ~= '.' and SOUND[extension] then found[#found + 1] = name end
    index = index + 1
    name = reaper.EnumerateFiles(folder, index)
  end
  table.sort(found)
  return found
end

local function target()
  local track = reaper.GetSelectedTrack(0, 0)
  if track then return track end
  local count = reaper.CountTracks(0)
  reaper.InsertTrackAtIndex(count, true)
  track = reaper.GetTrack(0, count)
  reaper.GetSetMediaTrackInfo_String(track, 'P_NAME', 'Audiogen', true)
  reaper.SetOnlyTrackSelected(track)
  return track
end

local function insert(name)
  local source = reaper.PCM_Source_CreateFromFile(folder .. '/' .. name)
  if not source then return false end
  local length = reaper.GetMediaSourceLength(source)
  if not length or length <= 0 then
    reaper.PCM_Source_Destroy(source)
    return false
  end
  local title = name:match('^(.*)%.%w+$')
  local position = reaper.GetCursorPosition()
  reaper.Undo_BeginBlock()
  reaper.PreventUIRefresh(1)
  local item = reaper.AddMediaItemToTrack(target())
  local take = reaper.AddTakeToMediaItem(item)
  reaper.SetMediaItemTake_Source(take, source)
  reaper.GetSetMediaItemTakeInfo_String(take, 'P_NAME', title, true)
  reaper.SetMediaItemInfo_Value(item, 'D_POSITION', position)
  reaper.SetMediaItemInfo_Value(item, 'D_LENGTH', length)
  reaper.SetMediaItemInfo_Value(item, 'B_LOOPSRC', 1)
  reaper.SetEditCurPos(position + length, false, false)
  reaper.PreventUIRefresh(-1)
  reaper.Undo_EndBlock('Insert audiogen stem ' .. title, -1)
  reaper.Main_OnCommand(40047, 0) -- Peaks: Build any missing peaks
  reaper.UpdateArrange()
  return true
end

local function look()
  for _, name in ipairs(stems()) do
    if not known[name] then
      tries[name] = (tries[name] or 0) + 1
      if insert(name) then
        known[name] = true
      elseif tries[name] >= TRIES then
        known[name] = true
        reaper.ShowConsoleMsg('audiogen: ' .. folder .. '/' .. name .. ' cannot be read as audio\n')
      end
    end
  end
end

local function running()
  return reaper.GetExtState(SECTION, 'running') == '1'
end

local function switch(on)
  reaper.SetExtState(SECTION, 'running', on and '1' or '0', false)
  reaper.SetToggleCommandState(section, command, on and 1 or 0)
  reaper.RefreshToolbar2(section, command)
end

local function loop()
  if not running() then return switch(false) end
  local now = reaper.time_precise()
  if now >= nextLook then
    nextLook = now + INTERVAL
    look()
  end
  reaper.defer(loop)
end

local function chosenFolder()
  local stored = reaper.GetExtState(SECTION, 'folder')
  local offered = stored ~= '' and stored or home() .. '/Music/Audiogen'
  local given, text = reaper.GetUserInputs('audiogen', 1, 'Drop folder:,extrawidth=300,separator=|', offered)
  if not given or text == '' then return nil end
  text = text:gsub('^~', (home():gsub('%%', '%%%%'))):gsub('[/\\]+$', '')
  reaper.SetExtState(SECTION, 'folder', text, true)
  return text
end

local _
_, _, section, command = reaper.get_action_context()
if running() then
  switch(false)
  return
end
folder = chosenFolder()
if not folder then return end
for _, name in ipairs(stems()) do known[name] = true end
switch(true)
reaper.atexit(function() switch(false) end)
loop()
