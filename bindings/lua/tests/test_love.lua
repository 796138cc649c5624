-- The example for LÖVE, packed as a .love and played by LÖVE itself without a window. LÖVE has LuaJIT inside, so
-- LuaJIT's tests are the ones that play it.
local lu = require "luaunit"
local support = require "support"

if not jit then return end

TestLove = {}

-- In place of a player: types the OTP, and tells in the end how many frames went by and what part of the time the game
-- spent in its updates. A call that blocks would be in there.
local player = [[
  function love.conf(t)
    t.identity, t.window = "capauth_packed", false
    for _, name in ipairs { "audio", "graphics", "joystick", "window" } do t.modules[name] = false end
  end
  local shown = ""
  love.graphics = { print = function(text) shown = text end }
  local function enter(text)
    for character in text:gmatch "." do love.textinput(character) end
    love.keypressed "return"
  end
  function love.run()
    love.load()
    local frames, inside, began = 0, 0, love.timer.getTime()
    return function()
      local before = love.timer.getTime()
      love.update(0.016)
      inside, frames = inside + love.timer.getTime() - before, frames + 1
      love.draw()
      if shown == "OTP: " then enter "483920" end
      love.timer.sleep(0.002)
      if not shown:find "Welcome" then return end
      print(("%s; %d frames, %.3f of the time; %s"):format(
        shown, frames, inside / (love.timer.getTime() - began), love.filesystem.getSource()))
      return 0
    end
  end
]]

function TestLove:setUp()
  self.folder = support.run("mktemp -d"):match "[^\n]+"
  support.emulator:brand("DocDemo", { FIXED_OTP = "483920" })
end

function TestLove:tearDown()
  support.run("rm -rf " .. self.folder)
end

function TestLove:pack()
  local example = support.source .. "/bindings/lua/examples/love"
  support.run(("cp -R %s %s/game"):format(example, self.folder))
  support.write(self.folder .. "/game/conf.lua", player)
  local share = support.folder:gsub("/capauth/$", "")
  local module = package.searchpath("capauth.core", package.cpath)
  local text, code = support.run(("%s/pack %s/game %s %s %s/game.love"):format(
    example, self.folder, share, module, self.folder))
  lu.assertEquals(code, 0, text)
  support.run(("rm -rf %s/game"):format(self.folder))
end

function TestLove:play()
  local nowhere = "env -u LUA_PATH -u LUA_CPATH XDG_DATA_HOME=" .. self.folder
  return support.run(("cd %s && %s CAPAUTH_URL='%s' CAPAUTH_CA_FILE='%s' love game.love"):format(
    self.folder, nowhere, support.emulator:url(), support.emulator:ca_file()))
end

function TestLove:test_packed_game_signs_in_and_keeps_its_frames()
  self:pack()
  for _, path in ipairs { "token/generate", "otp/generate", "otp/validate" } do
    support.emulator:fault { path = "/auth/v1/" .. path, brand = "DocDemo", delayMs = 200 }
  end
  local text, code = self:play()
  lu.assertEquals(code, 0, text)
  lu.assertStrContains(text, "Welcome, customer")
  lu.assertStrContains(text, self.folder .. "/game.love")
  local frames, part = text:match "(%d+) frames, ([%d.]+) of the time"
  lu.assertTrue(tonumber(frames) > 30, text)
  lu.assertTrue(tonumber(part) < 0.5, text)
end

-- The second start finds the module where the first one put it; another one takes its place.
function TestLove:test_module_is_kept_and_replaced_by_that_of_a_new_version()
  self:pack()
  lu.assertEquals(select(2, self:play()), 0)
  local kept = self.folder .. "/love/capauth_packed/capauth/core.so"
  local first = support.run("stat -c %y " .. kept)
  lu.assertEquals(select(2, self:play()), 0)
  lu.assertEquals(support.run("stat -c %y " .. kept), first)
  support.write(kept, "of an older version")
  local text, code = self:play()
  lu.assertEquals(code, 0, text)
end
