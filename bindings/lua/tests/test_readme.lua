-- The README's snippet and the examples run as they stand.
local lu = require "luaunit"
local support = require "support"

TestReadme = {}

local function environment()
  return ("CAPAUTH_URL='%s' CAPAUTH_CA_FILE='%s'"):format(support.emulator:url(), support.emulator:ca_file())
end

local function run_with_input(path, input)
  return support.run(("printf '%s' | %s %s %s"):format(input, environment(), support.lua, path))
end

function TestReadme:test_sign_in_snippet()
  support.emulator:brand("DocDemo", { FIXED_OTP = "483920" })
  local readme = support.read(support.source .. "/bindings/lua/README.md")
  local path = os.tmpname()
  support.write(path, (assert(readme:match "```lua\n(local capauth = require.-)```")))
  local text, code = run_with_input(path, "000000\\n483920\\n")
  os.remove(path)
  lu.assertEquals(code, 0, text)
  lu.assertStrContains(text, "USER")
end

function TestReadme:test_sign_in_snippet_ends_after_too_many_wrong_ones()
  support.emulator:brand("DocDemo", { FIXED_OTP = "483920", CONF_MAX_OTP_RETRY_COUNT = 2 })
  local readme = support.read(support.source .. "/bindings/lua/README.md")
  local path = os.tmpname()
  support.write(path, (assert(readme:match "```lua\n(local capauth = require.-)```")))
  local text, code = run_with_input(path, ("000000\\n"):rep(9))
  os.remove(path)
  lu.assertEquals(code, 1, text)
  lu.assertStrContains(text, "TOO_MANY")
  lu.assertEquals(select(2, text:gsub("OTP: ", "")), 3)
end

-- LÖVE itself is not needed: the example only wants its callbacks called. `play(written)` is called in each frame with
-- the newest text, and ends the game by a result.
local function play_love(play, variables)
  local text, code = support.script(([[
    local written, frames = "", 0
    love = { graphics = { print = function(text) written = text end }, event = { quit = os.exit } }
    dofile "%s/bindings/lua/examples/love/main.lua"
    local function enter(text)
      for character in text:gmatch "." do love.textinput(character) end
      love.keypressed "return"
    end
    local play = %s
    love.load()
    repeat
      love.update(0.016)
      love.draw()
      frames = frames + 1
      assert(frames < 1e7, written)
    until play(written, enter)
    print(written)
  ]]):format(support.source, play), nil, variables or environment())
  lu.assertEquals(code, 0, text)
  return text
end

function TestReadme:test_love_example()
  support.emulator:brand("DocDemo", { FIXED_OTP = "483920" })
  lu.assertStrContains(play_love [[function(written, enter)
    if written == "OTP: " then enter "483920" end
    return written:find "Welcome"
  end]], "Welcome")
end

function TestReadme:test_love_example_ends_after_too_many_wrong_ones()
  support.emulator:brand("DocDemo", { FIXED_OTP = "483920", CONF_MAX_OTP_RETRY_COUNT = 2 })
  lu.assertStrContains(play_love [[function(written, enter)
    if written:find "OTP: $" then enter "000000" end
    return written:find "tries again"
  end]], "tries again")
end

function TestReadme:test_love_example_shows_a_dead_network_and_goes_on()
  lu.assertStrContains(play_love([[function(written, enter)
    turns = turns or 0
    if written:find "tries again" then
      turns = turns + 1
      enter ""
    end
    return turns == 2
  end]], "CAPAUTH_URL=https://127.0.0.1:1"), "token_generate: ")
end
