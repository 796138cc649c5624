-- What luacheck looks for in our Lua: everything, in code for every Lua from 5.1 on.
std = "max"
max_line_length = 120

-- A method may well not need its object.
self = false

-- What Redis gives to a script.
files["bindings/redis"] = { globals = { "redis" }, read_globals = { "KEYS", "ARGV" } }

-- What LÖVE gives to a game.
files["bindings/lua/examples/love"] = { globals = { "love" } }
files["bindings/lua/docs/recipes/love_session.lua"] = { globals = { "love" } }
files["tests/site/screen.lua"] = { globals = { "love" } }

-- What OpenResty gives.
files["bindings/lua/capauth/redis.lua"] = { read_globals = { "ngx" } }

-- Annotations: functions without a body.
files["bindings/lua/capauth/meta"] = { unused = false, redefined = false }

-- luaunit finds the classes of tests by their global names.
files["bindings/lua/tests"] = { allow_defined_top = true, globals = { "_G.assert" } }
files["tests/faults"] = { allow_defined_top = true }
