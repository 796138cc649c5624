-- The README's programs (```lua run) and the examples run as they stand, and each fragment (```lua with NAME...) after
-- the lines that its mark names: see `having`.
local lu = require "luaunit"
local support = require "support"
local redis_server = require "redis_server"

TestReadme = {}

local function environment()
  return ("CAPAUTH_URL='%s' CAPAUTH_CA_FILE='%s'"):format(support.emulator:url(), support.emulator:ca_file())
end

local function run_with_input(path, input)
  return support.run(("printf '%s' | %s %s %s"):format(input, environment(), support.lua, path))
end

-- All that are marked so: { given = "client customer", text = "..." }
local function snippets(mark)
  local readme, found = support.read(support.source .. "/bindings/lua/README.md"), {}
  for given, text in readme:gmatch("\n```lua " .. mark .. " ?([%w ]*)\n(.-)```") do
    found[#found + 1] = { given = given, text = text }
  end
  return found
end

function TestReadme:test_sign_in_snippet()
  support.emulator:brand("DocDemo", { FIXED_OTP = "483920" })
  local path = os.tmpname()
  support.write(path, snippets "run"[1].text)
  local text, code = run_with_input(path, "000000\\n483920\\n")
  os.remove(path)
  lu.assertEquals(code, 0, text)
  lu.assertStrContains(text, "USER")
end

function TestReadme:test_sign_in_snippet_ends_after_too_many_wrong_ones()
  support.emulator:brand("DocDemo", { FIXED_OTP = "483920", CONF_MAX_OTP_RETRY_COUNT = 2 })
  local path = os.tmpname()
  support.write(path, snippets "run"[1].text)
  local text, code = run_with_input(path, ("000000\\n"):rep(9))
  os.remove(path)
  lu.assertEquals(code, 1, text)
  lu.assertStrContains(text, "TOO_MANY")
  lu.assertEquals(select(2, text:gsub("OTP: ", "")), 3)
end

function TestReadme:test_test_of_an_application()
  local programs = snippets "run"
  lu.assertEquals(#programs, 2)
  local text, code = support.script(programs[2].text)
  lu.assertEquals(code, 0, text)
end

local having = {
  client = [[
    local capauth = require "capauth"
    local assert = capauth.assert
    local client = assert(capauth.Client { base_url = os.getenv "CAPAUTH_URL", ca_file = os.getenv "CAPAUTH_CA_FILE" })
  ]],
  identity = [[
    local identity = { brand = "DocDemo", mobile = "919999999997", device_id = "device-1" }
  ]],
  love = [[
    local written
    local love = { filesystem = {
      read = function(name) assert(name == "session"); return written end,
      write = function(name, text) assert(name == "session"); written = text; return true end,
    } }
  ]],
  customer = [[
    local customer = assert(client:session { brand = "DocDemo", mobile = "919999999997", device_id = "device-1" })
    assert(customer:generate_token())
    assert(customer:generate_otp())
  ]],
  key = [[ local key = "cookie" ]],
  red = [[
    assert(customer:validate_otp "483920")
    local red = require "redis".connect("127.0.0.1", tonumber(os.getenv "REDIS_PORT"))
  ]],
}
-- What a fragment has done, by a word in it.
local afterwards = {
  ["love.update"] = [[
    repeat love.update() until not call
    assert(customer:signed_in())
  ]],
  ["love.filesystem"] = [[
    assert(customer:generate_token())
    assert(written == customer:export())
  ]],
  ["capauth.redis"] = [[ assert(reply.ok) ]],
}

local function end_of(text)
  for word, lines in pairs(afterwards) do
    if text:find(word, 1, true) then return lines end
  end
end

function TestReadme:test_fragments()
  support.emulator:brand("DocDemo", { FIXED_OTP = "483920" })
  local fragments = snippets "with"
  lu.assertEquals(#fragments, 3)
  for _, fragment in ipairs(fragments) do
    local before = fragment.given:gsub("%w+ ?", function(name) return having[name:match "%w+"] end)
    local needs_redis = fragment.given:find "red"
    if not needs_redis or redis_server then
      if needs_redis then redis_server.start() end
      local variables = environment() .. " REDIS_PORT=" .. (needs_redis and redis_server.port or 0)
      local text, code = support.script(before .. fragment.text .. end_of(fragment.text), nil, variables)
      if needs_redis then redis_server.stop() end
      lu.assertEquals(code, 0, text)
    end
  end
end

-- LÖVE itself is not needed: the example only wants its callbacks called. `play(written)` is called in each frame with
-- the newest text, and ends the game by a result.
local function play_love(play, variables)
  local text, code = support.script(([[
    local written, frames = "", 0
    package.preload.native = function() return true end -- for packed games: see test_love
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
