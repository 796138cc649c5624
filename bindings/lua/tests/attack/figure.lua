-- What the attacks amounted to, counted as it happened.
local figure = { functions = 0, values = 0, calls = 0, situations = 0, allocations = 0 }

figure.seed = tonumber(os.getenv "CAPAUTH_ATTACK_SEED" or 1)
figure.seconds = tonumber(os.getenv "CAPAUTH_ATTACK_SECONDS" or 0)

function figure.write()
  local folder = os.getenv "CAPAUTH_FIGURES"
  if not folder then return end
  os.execute("mkdir -p " .. folder)
  local name = jit and "LuaJIT" or _VERSION
  local file = assert(io.open(("%s/attack-lua-%s"):format(folder, jit and "jit" or _VERSION:match "%d.%d"), "w"))
  file:write(("attack on %s: %d functions, %d hostile arguments, %d calls; %d situations; "):format(
    name, figure.functions, figure.values, figure.calls, figure.situations
  ))
  file:write(("%d allocations failed one by one; 0 crashes\n"):format(figure.allocations))
  file:close()
end

return figure
