-- Handles that are closed, of the wrong class, made up, or already garbage: never a crash.
local lu = require "luaunit"
local capauth = require "capauth"
local core = require "capauth.core"
local support = require "support"

TestHandles = {}

local function closed(value, err)
  lu.assertNil(value)
  lu.assertEquals({ err.name, err.kind, err.category }, { "CLOSED", "closed", "usage" })
end

local function all_closed(session)
  for name in pairs(support.operations) do
    local arguments = support.samples(name)
    closed(session[name](session, (table.unpack or unpack)(arguments)))
    closed(session["start_" .. name](session, (table.unpack or unpack)(arguments)):result())
  end
end

function TestHandles:test_closed_session()
  local session = support.signed_in()
  assert(session:close())
  assert(session:close())
  all_closed(session)
  lu.assertTrue(session:signed_in())
  lu.assertIsString(session:token())
  lu.assertIsString(session:export())
  lu.assertStrContains(tostring(session), "capauth.Session")
end

function TestHandles:test_closed_client()
  local client = assert(support.emulator:client())
  local session = support.signed_in(nil, nil, client)
  assert(client:close())
  assert(client:close())
  all_closed(session)
  closed(client:session(support.identity "DocDemo"))
  client:poll() -- what close cancelled is still told
  closed(client:poll(-1))
  closed(client:prepare())
  lu.assertTrue(session:signed_in())
  lu.assertIsString(session:export())
end

function TestHandles:test_close_cancels_what_is_in_flight()
  local client = assert(support.emulator:client())
  local call = support.session(nil, nil, client):start_generate_token()
  assert(client:close())
  local ok, err = call:result()
  lu.assertNil(ok)
  lu.assertEquals(err.kind, "cancelled")
end

function TestHandles:test_variables_that_close_themselves()
  local chunk = (loadstring or load)(([[
    local client = ...
    local session <close> = client
    return true
  ]]))
  if _VERSION < "Lua 5.4" then return lu.assertNil(chunk) end
  local client = assert(support.emulator:client())
  local session = support.session(nil, nil, client)
  lu.assertTrue(chunk(session))
  closed(session:generate_token())
  local call = support.session(nil, nil, client):start_generate_token()
  chunk(call)
  lu.assertEquals(select(2, call:wait()).kind, "cancelled")
  chunk(client)
  closed(client:session(support.identity "DocDemo"))
end

function TestHandles:test_wrong_receivers_raise()
  local client = assert(support.emulator:client())
  local session = support.session(nil, nil, client)
  local call = session:start_generate_token()
  local fakes = {
    {}, "x", 5, true, io.stdout, print, setmetatable({}, { __index = session }), session[1], { session[1] },
    setmetatable({ session[1] }, { __metatable = "a class" }),
  }
  local function refuse(object, name, fake)
    lu.assertErrorMsgContains("expected", object[name], fake)
    lu.assertErrorMsgContains("expected", object[name])
  end
  for _, fake in ipairs(fakes) do
    for _, name in ipairs { "session", "restore", "poll", "fd", "next_done", "spawn", "prepare", "close" } do
      refuse(client, name, fake)
    end
    for _, name in ipairs { "generate_token", "start_gateway", "token", "signed_in", "otp", "export", "close" } do
      refuse(session, name, fake)
    end
    for _, name in ipairs { "done", "wait", "result", "cancel" } do refuse(call, name, fake) end
  end
  refuse(client, "poll", session)
  refuse(session, "close", client)
  refuse(call, "wait", session)
end

-- The core looks at the sessions of its getters itself, and says what the methods in Lua say.
function TestHandles:test_wrong_receivers_are_told_alike()
  local session = support.session()
  for _, fake in ipairs { 5, "x", { session[1] }, session._client } do
    local _, by_core = pcall(function() session.signed_in(fake) end)
    local _, by_operation = pcall(function() session.generate_token(fake) end)
    lu.assertStrMatches(by_core, ".*test_handles%.lua:%d+: capauth: capauth%.Session expected, got .*a colon%)")
    lu.assertEquals(by_core:match "capauth: .*", by_operation:match "capauth: .*")
  end
end

function TestHandles:test_a_session_has_one_object()
  local session = support.session()
  lu.assertErrorMsgContains("handle expected", core.adopt, { session[1] })
  lu.assertErrorMsgContains("handle expected", core.adopt, { session._client[1] })
  lu.assertErrorMsgContains("handle expected", core.adopt, {})
  lu.assertFalse(session:signed_in())
  session[1] = nil
  lu.assertErrorMsgContains("expected", session.signed_in, session)
end

function TestHandles:test_metatables_are_out_of_reach()
  local client = assert(support.emulator:client())
  lu.assertEquals(getmetatable(client), "capauth.Client")
  lu.assertFalse(getmetatable(client[1]))
  for _, name in ipairs { "__gc", "__disown", "__tostring", "__index" } do lu.assertNil(client[1][name]) end
  lu.assertFalse((pcall(setmetatable, client, {})))
end

-- The flat module is what stands between scripts and C.
function TestHandles:test_flat_module_takes_no_nonsense()
  local client = assert(support.emulator:client())
  local session = support.session(nil, nil, client)
  local nonsense = { {}, "x", 5, true, print, io.stdout, coroutine.create(function() end), core.null }
  nonsense[#nonsense + 1] = client
  nonsense[#nonsense + 1] = session[1]
  for name, fn in pairs(core) do
    if type(fn) == "function" and name ~= "json_decode" and name ~= "print_error" then
      pcall(fn)
      pcall(fn, nil, nil)
      pcall(fn, nil, "x", nil)
      pcall(fn, nil, "x", "x", nil)
      for _, value in ipairs(nonsense) do
        pcall(fn, value)
        pcall(fn, value, value)
        pcall(fn, value, value, value)
        pcall(fn, value, value, value, value)
        if name:find "^client_set" or name:find "^options_[cs]" then lu.assertFalse((pcall(fn, value, value)), name) end
      end
    end
  end
  lu.assertFalse((pcall(core.ClientHandle)))
  lu.assertFalse((pcall(core.events_next, nil)))
  lu.assertFalse((pcall(core.events_next)))
end

function TestHandles:test_garbage_in_any_order()
  for _ = 1, 20 do
    local held = { client = assert(support.emulator:client()) }
    held.session = support.session(nil, nil, held.client)
    held.session:start_generate_token()
    held.session:on_change(print)
    held.client = nil
    collectgarbage()
    lu.assertIsString(held.session:brand())
    held.session = nil
    collectgarbage()
  end
end

function TestHandles:test_state_closes_with_calls_in_flight()
  local text, code = support.script([[
    local capauth = require "capauth"
    local options = { base_url = arg[1], ca_file = arg[2], log = function() end, trace = function() end }
    for i = 1, 20 do
      local client = assert(capauth.Client(options))
      local customer = assert(client:session { brand = "DocDemo", mobile = "9199" .. i, device_id = "d" })
      customer:on_change(function() end)
      _G["kept" .. i] = { client, customer, customer:start_generate_token() }
      client:poll()
      client:spawn(function() customer:ensure_token() end)
    end
    print "end"
  ]], support.emulator:url() .. " " .. support.emulator:ca_file())
  lu.assertEquals({ text, code }, { "end\n", 0 })
end

function TestHandles:test_no_global_is_set()
  local text, code = support.script [[
    local before = {}
    for name in pairs(_G) do before[name] = true end
    swig_type = "mine"
    require "capauth"
    require "capauth.testing"
    for name in pairs(_G) do if not before[name] then io.write(name, " ", tostring(_G[name])) end end
  ]]
  lu.assertEquals({ text, code }, { "swig_type mine", 0 })
end

function TestHandles:test_globals_that_guard_themselves_are_left_alone()
  local text, code = support.script [[
    local function refuse(_, name) error("global " .. name) end
    setmetatable(_G, { __index = refuse, __newindex = refuse })
    require "capauth.core"
    io.write(tostring(rawget(_G, "swig_type")))
  ]]
  lu.assertEquals({ text, code }, { "nil", 0 })
end

function TestHandles:test_diagnose_says_what_is_used()
  lu.assertStrContains(assert(capauth.diagnose()):lower(), "curl")
  local client = assert(support.emulator:client())
  lu.assertStrContains(assert(capauth.diagnose(client)), support.emulator:ca_file())
  lu.assertStrMatches(capauth.version(), "%d+%.%d+%.%d+")
end

function TestHandles:test_versions_of_the_libraries_are_told()
  local versions = assert(capauth.versions())
  lu.assertEquals(versions.capauth, capauth.version())
  lu.assertStrMatches(versions.libcurl, "%d+%.%d+.*")
  lu.assertStrMatches(versions["json-c"], "%d+%.%d+.*")
end

function TestHandles:test_versions_of_what_a_module_carries_are_told()
  local diagnose = capauth.diagnose
  capauth.diagnose = function() return "json-c 0.16\ninside: zlib 1:1.2.13, openssl 3.0.17-1~deb12u2\n" end
  local versions = capauth.versions()
  capauth.diagnose = diagnose
  lu.assertEquals(versions, { ["json-c"] = "0.16", zlib = "1:1.2.13", openssl = "3.0.17-1~deb12u2" })
end

function TestHandles:test_prepare_connects_ahead()
  local client = assert(support.emulator:client())
  lu.assertTrue(assert(client:prepare()))
  local nobody = assert(capauth.Client { base_url = "https://127.0.0.1:1" })
  local ok, err = nobody:prepare()
  lu.assertNil(ok)
  lu.assertEquals(err.name, "CONNECT")
end
