# SPDX-License-Identifier: Apache-2.0
# The C library, from a release archive that CAPAUTH_ARCHIVE names, which vcpkg has to be told to let through:
#
#     VCPKG_KEEP_ENV_VARS=CAPAUTH_ARCHIVE CAPAUTH_ARCHIVE=$PWD/build/packages/capauth-X.Y.Z.tar.gz \
#         vcpkg install capauth --overlay-ports=pkgconfig/vcpkg/ports

if(NOT EXISTS "$ENV{CAPAUTH_ARCHIVE}")
  message(FATAL_ERROR "CAPAUTH_ARCHIVE must name a release archive, and VCPKG_KEEP_ENV_VARS must name CAPAUTH_ARCHIVE")
endif()

# Its archive would leave libcurl and json-c to whoever links it: a shared library has them inside, or names them.
set(static "")
if(VCPKG_LIBRARY_LINKAGE STREQUAL "static")
  set(static -DPKG_CONFIG_ARGN=--static)
endif()
vcpkg_check_linkage(ONLY_DYNAMIC_LIBRARY)

vcpkg_extract_source_archive(SOURCE_PATH ARCHIVE "$ENV{CAPAUTH_ARCHIVE}")
vcpkg_find_acquire_program(PKGCONFIG)
vcpkg_cmake_configure(
  SOURCE_PATH "${SOURCE_PATH}"
  OPTIONS
    -DCAPAUTH_PYTHON=OFF
    -DCAPAUTH_LUA=OFF
    -DCAPAUTH_JAVA=OFF
    -DCAPAUTH_EMULATOR=OFF
    -DCAPAUTH_TESTS=OFF
    "-DPKG_CONFIG_EXECUTABLE=${PKGCONFIG}"
    ${static}
)
vcpkg_cmake_install()
vcpkg_cmake_config_fixup(CONFIG_PATH lib/cmake/capauth)
vcpkg_fixup_pkgconfig()
vcpkg_copy_tools(TOOL_NAMES capauth AUTO_CLEAN)

file(
  GLOB archives
  "${CURRENT_PACKAGES_DIR}/lib/*.a"
  "${CURRENT_PACKAGES_DIR}/debug/lib/*.a"
  "${CURRENT_PACKAGES_DIR}/share/capauth/capauthStaticTargets*.cmake"
)
file(
  REMOVE_RECURSE
  ${archives}
  "${CURRENT_PACKAGES_DIR}/debug/bin"
  "${CURRENT_PACKAGES_DIR}/debug/include"
  "${CURRENT_PACKAGES_DIR}/debug/share"
)
file(INSTALL "${CMAKE_CURRENT_LIST_DIR}/usage" DESTINATION "${CURRENT_PACKAGES_DIR}/share/${PORT}")
vcpkg_install_copyright(FILE_LIST "${SOURCE_PATH}/LICENSE")
