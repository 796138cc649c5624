-- conf.lua of a game without a window: what it draws is printed, and what it asks for is read from stdin.
function love.conf(t)
  t.identity = "my_game"
  t.window = false
  for _, name in ipairs { "audio", "graphics", "joystick", "window" } do t.modules[name] = false end
end

local shown, asked
love.graphics = { print = function(text)
  if text == shown then return end
  print(text)
  shown, asked = text, text:find "OTP: $"
end }

local function enter(text)
  asked = nil
  for character in text:gmatch "." do love.textinput(character) end
  love.keypressed "return"
end

function love.run()
  love.load()
  return function()
    love.update(0)
    love.draw()
    if asked then enter(io.read()) end
    return shown:find "USER" and 0 or nil
  end
end
