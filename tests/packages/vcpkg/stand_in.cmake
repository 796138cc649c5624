# What vcpkg does with a port, as far as its manual tells and ours needs, with the system's libraries:
#
#     cmake -DPORT_DIR=... -DWORK=... -DLINKAGE=static|dynamic -P stand_in.cmake
#
# WORK/packages is then what vcpkg would install. A function that the port calls and this lacks ends it.
cmake_minimum_required(VERSION 3.25)

cmake_path(GET PORT_DIR FILENAME PORT)
set(CURRENT_PACKAGES_DIR ${WORK}/packages)
set(CURRENT_BUILDTREES_DIR ${WORK}/buildtrees)
set(VCPKG_LIBRARY_LINKAGE ${LINKAGE})

function(must)
  execute_process(COMMAND ${ARGN} OUTPUT_QUIET COMMAND_ERROR_IS_FATAL ANY)
endfunction()

function(vcpkg_check_linkage rule)
  if(rule STREQUAL "ONLY_DYNAMIC_LIBRARY")
    set(VCPKG_LIBRARY_LINKAGE dynamic PARENT_SCOPE)
  endif()
endfunction()

# The one folder that the archive holds.
function(vcpkg_extract_source_archive out)
  cmake_parse_arguments(PARSE_ARGV 1 arg "" ARCHIVE "")
  file(ARCHIVE_EXTRACT INPUT ${arg_ARCHIVE} DESTINATION ${CURRENT_BUILDTREES_DIR}/src)
  file(GLOB folders ${CURRENT_BUILDTREES_DIR}/src/*)
  set(${out} ${folders} PARENT_SCOPE)
endfunction()

function(vcpkg_find_acquire_program name)
  find_program(${name} pkg-config REQUIRED)
endfunction()

function(vcpkg_cmake_configure)
  cmake_parse_arguments(PARSE_ARGV 0 arg "" SOURCE_PATH OPTIONS)
  string(COMPARE EQUAL ${VCPKG_LIBRARY_LINKAGE} dynamic shared)
  foreach(kind prefix IN ZIP_LISTS KINDS PREFIXES)
    must(
      ${CMAKE_COMMAND} -G Ninja -S ${arg_SOURCE_PATH} -B ${CURRENT_BUILDTREES_DIR}/${kind} -DCMAKE_BUILD_TYPE=${kind}
      -DCMAKE_INSTALL_PREFIX=${CURRENT_PACKAGES_DIR}${prefix} -DCMAKE_INSTALL_LIBDIR=lib -DCMAKE_INSTALL_BINDIR=bin
      -DBUILD_SHARED_LIBS=${shared} ${arg_OPTIONS}
    )
  endforeach()
endfunction()
set(KINDS Debug Release)
set(PREFIXES /debug /)

function(vcpkg_cmake_install)
  foreach(kind IN LISTS KINDS)
    must(${CMAKE_COMMAND} --build ${CURRENT_BUILDTREES_DIR}/${kind})
    must(${CMAKE_COMMAND} --install ${CURRENT_BUILDTREES_DIR}/${kind})
  endforeach()
endfunction()

function(replace_in file)
  file(READ ${file} text)
  string(REPLACE ${ARGN} text "${text}")
  file(WRITE ${file} "${text}")
endfunction()

# One package in share/, for both kinds; what it refers to is one folder less deep.
function(vcpkg_cmake_config_fixup)
  cmake_parse_arguments(PARSE_ARGV 0 arg "" CONFIG_PATH "")
  set(share ${CURRENT_PACKAGES_DIR}/share/${PORT})
  file(COPY ${CURRENT_PACKAGES_DIR}/${arg_CONFIG_PATH}/ DESTINATION ${share})
  file(GLOB of_debug ${CURRENT_PACKAGES_DIR}/debug/${arg_CONFIG_PATH}/*-debug.cmake)
  foreach(file IN LISTS of_debug)
    replace_in(${file} "\${_IMPORT_PREFIX}/" "\${_IMPORT_PREFIX}/debug/")
    file(COPY ${file} DESTINATION ${share})
  endforeach()
  file(REMOVE_RECURSE ${CURRENT_PACKAGES_DIR}/lib/cmake ${CURRENT_PACKAGES_DIR}/debug/lib/cmake)
  file(GLOB files ${share}/*.cmake)
  set(up "get_filename_component(_IMPORT_PREFIX \"\${_IMPORT_PREFIX}\" PATH)\n")
  foreach(file IN LISTS files)
    replace_in(${file} "${up}${up}${up}" "${up}${up}")
    replace_in(${file} "/../../../\"" "/../../\"")
  endforeach()
endfunction()

# Relative to the file, which ours are already.
function(vcpkg_fixup_pkgconfig)
  file(GLOB files ${CURRENT_PACKAGES_DIR}/lib/pkgconfig/*.pc ${CURRENT_PACKAGES_DIR}/debug/lib/pkgconfig/*.pc)
  foreach(file IN LISTS files)
    file(STRINGS ${file} absolute REGEX "${CURRENT_PACKAGES_DIR}")
    if(absolute)
      message(FATAL_ERROR "${file}: ${absolute}")
    endif()
  endforeach()
endfunction()

function(vcpkg_copy_tools)
  cmake_parse_arguments(PARSE_ARGV 0 arg AUTO_CLEAN "" TOOL_NAMES)
  foreach(name IN LISTS arg_TOOL_NAMES)
    file(COPY ${CURRENT_PACKAGES_DIR}/bin/${name} DESTINATION ${CURRENT_PACKAGES_DIR}/tools/${PORT})
    file(REMOVE ${CURRENT_PACKAGES_DIR}/bin/${name})
  endforeach()
  file(GLOB left ${CURRENT_PACKAGES_DIR}/bin/*)
  if(arg_AUTO_CLEAN AND NOT left)
    file(REMOVE_RECURSE ${CURRENT_PACKAGES_DIR}/bin)
  endif()
endfunction()

function(vcpkg_install_copyright)
  cmake_parse_arguments(PARSE_ARGV 0 arg "" "" FILE_LIST)
  file(COPY_FILE ${arg_FILE_LIST} ${CURRENT_PACKAGES_DIR}/share/${PORT}/copyright)
endfunction()

include(${PORT_DIR}/portfile.cmake)
