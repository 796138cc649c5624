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

-- LÖVE itself is not needed: the example only wants its three callbacks called.
function TestReadme:test_love_example()
  support.emulator:brand("DocDemo", { FIXED_OTP = "483920" })
  local text, code = support.script(([[
    local written = {}
    love = { graphics = { print = function(text) written[#written + 1] = text end }, event = { quit = os.exit } }
    dofile "%s/bindings/lua/examples/love/main.lua"
    love.load()
    local frames, typed = 0, false
    repeat
      love.update(0.016)
      love.draw()
      if not typed and written[#written]:find "OTP" then
        typed = true
        for digit in ("483920"):gmatch "." do love.textinput(digit) end
        love.keypressed "return"
      end
      frames = frames + 1
      assert(frames < 1e7, written[#written])
    until written[#written]:find "Welcome"
    print(written[#written])
  ]]):format(support.source), nil, environment())
  lu.assertEquals(code, 0, text)
  lu.assertStrContains(text, "Welcome")
end
