-- Require this before capauth in a packed game. The system loads no library out of an archive, so what `pack` put there
-- as native/core.so is written into the game's own folder (love.filesystem.getSaveDirectory), where LÖVE looks first.
local packed = love.filesystem.read "native/core.so"
if packed and packed ~= love.filesystem.read "capauth/core.so" then
  assert(love.filesystem.createDirectory "capauth")
  assert(love.filesystem.write("capauth/core.so", packed))
end
