rockspec_format = "3.0"
package = "capauth"
version = "1.0.0-1"
source = {
  -- A release archive, which holds what is generated: neither SWIG nor Python nor CMake is needed.
  url = "file://capauth-1.0.0.tar.gz",
}
description = {
  summary = "Signs a customer in at Capillary's Auth Engine, and keeps them signed in",
  license = "Apache-2.0",
}
supported_platforms = { "unix" }
dependencies = { "lua >= 5.1, < 5.5" }
-- libcurl and json-c are found through pkg-config, which knows where distributions keep their headers; LuaRocks'
-- external_dependencies does not.
build = {
  type = "make",
  build_target = "-C bindings/lua all",
  install_target = "-C bindings/lua install",
  build_variables = {
    CC = "$(CC)",
    CFLAGS = "$(CFLAGS)",
    LIBFLAG = "$(LIBFLAG)",
    LUA_INCDIR = "$(LUA_INCDIR)",
  },
  install_variables = {
    CC = "$(CC)",
    CFLAGS = "$(CFLAGS)",
    LIBFLAG = "$(LIBFLAG)",
    LUA_INCDIR = "$(LUA_INCDIR)",
    INST_LIBDIR = "$(LIBDIR)",
    INST_LUADIR = "$(LUADIR)",
  },
}
