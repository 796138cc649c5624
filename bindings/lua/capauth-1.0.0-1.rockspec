rockspec_format = "3.0"
package = "capauth"
version = "1.0.0-1"
source = {
  -- A release archive, which holds what SWIG generated.
  url = "file://capauth-1.0.0.tar.gz",
}
description = {
  summary = "Signs a customer in at Capillary's Auth Engine, and keeps them signed in",
  license = "Apache-2.0",
}
supported_platforms = { "unix" }
dependencies = { "lua >= 5.1, < 5.5" }
-- libcurl and json-c are found by CMake through pkg-config, which knows where distributions keep their headers;
-- LuaRocks' external_dependencies does not.
build = {
  type = "command",
  build_command = "cmake -S . -B build.luarocks -DCMAKE_BUILD_TYPE=RelWithDebInfo"
    .. " -DCAPAUTH_LUA_INTERPRETER='$(LUA)' -DCAPAUTH_LUA_MODULE_DIR='$(LIBDIR)' -DCAPAUTH_LUA_SHARE_DIR='$(LUADIR)'"
    .. " -DCAPAUTH_PYTHON=OFF -DCAPAUTH_JAVA=OFF -DCAPAUTH_EMULATOR=OFF -DCAPAUTH_TESTS=OFF"
    .. " && cmake --build build.luarocks --target capauth_lua",
  install_command = "cmake --install build.luarocks --component lua",
}
