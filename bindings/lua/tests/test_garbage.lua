-- What nobody holds any more is collected, and gives its descriptors back, in every Lua.
local lu = require "luaunit"
local support = require "support"

TestGarbage = {}

-- LuaJIT's machine code holds what it has taken for a constant, and a stack what it has not overwritten yet: the one is
-- thrown away first, the other left by making the clients on a stack of their own.
local function collect()
  if jit then jit.flush() end
  for _ = 1, 4 do collectgarbage() end -- what has a finalizer goes with the next round
end

-- Makes twenty clients by make(client, customer), keeps none, and sees that nothing of them is left.
local function leaves_nothing(make)
  local alive = setmetatable({}, { __mode = "k" })
  local brand = support.brand()
  collect()
  local before = support.descriptors()
  local failure = select(2, coroutine.resume(coroutine.create(function()
    for _ = 1, 20 do
      local client = assert(support.emulator:client())
      alive[client] = true
      alive[make(client, support.session(brand, nil, client)) or {}] = true
    end
  end)))
  lu.assertNil(failure)
  collect()
  lu.assertNil(next(alive))
  support.assert_no_more_descriptors(before)
end

function TestGarbage:test_functions_that_wait_for_a_call()
  leaves_nothing(function(client, customer)
    return client:spawn(function() return customer:generate_token() end)
  end)
end

function TestGarbage:test_functions_that_wait_for_the_next_poll()
  leaves_nothing(function(client)
    return client:spawn(function() coroutine.yield() end)
  end)
end

function TestGarbage:test_functions_that_wait_for_each_other()
  leaves_nothing(function(client)
    local first = client:spawn(function() coroutine.yield() end)
    client:spawn(function() return first:wait(60) end)
    return first
  end)
end

function TestGarbage:test_functions_that_ended_or_failed()
  leaves_nothing(function(client, customer)
    local task = client:spawn(function() return customer:generate_token() end)
    while not task:done() do assert(client:poll(-1)) end
    return client:spawn(function() return task end)
  end)
end

function TestGarbage:test_calls_with_a_callback()
  leaves_nothing(function(client, customer)
    return customer:start_generate_token(function() return client, customer end)
  end)
end

function TestGarbage:test_sessions_that_tell_their_changes()
  leaves_nothing(function(_, customer)
    assert(customer:on_change(function() return customer end))
    support.sign_in(customer)
    return customer
  end)
end

function TestGarbage:test_closed_clients_give_their_descriptors_back_at_once()
  local kept, brand = {}, support.brand()
  collect()
  local before = support.descriptors()
  for i = 1, 5 do
    local client = assert(support.emulator:client())
    local customer = support.session(brand, nil, client)
    assert(customer:generate_token())
    kept[i] = { client, customer }
  end
  lu.assertTrue(support.descriptors() > before + 5)
  for _, pair in ipairs(kept) do assert(pair[1]:close()) end
  support.assert_no_more_descriptors(before)
  lu.assertEquals(kept[5][2]:next_step(), "otp_generate")
end
