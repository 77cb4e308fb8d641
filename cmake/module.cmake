# Modules: one folder under src/, one static library, one entry in src/layers.txt.

set(CORNERSTORE_LAYERS_FILE ${PROJECT_SOURCE_DIR}/src/layers.txt)
set_property(DIRECTORY ${PROJECT_SOURCE_DIR} APPEND PROPERTY
             CMAKE_CONFIGURE_DEPENDS ${CORNERSTORE_LAYERS_FILE})

# read_layers(): sets CORNERSTORE_MODULES (lowest first) and, for each module M,
# CORNERSTORE_DEPS_<M> to the modules it may include.
function(read_layers)
  file(STRINGS ${CORNERSTORE_LAYERS_FILE} lines REGEX "^[0-9]+ ")
  set(modules "")
  foreach(line IN LISTS lines)
    if(NOT line MATCHES "^[0-9]+ ([a-z0-9_/]+):(.*)$")
      message(FATAL_ERROR "src/layers.txt: cannot read '${line}'")
    endif()
    set(module ${CMAKE_MATCH_1})
    string(STRIP "${CMAKE_MATCH_2}" deps)
    string(REGEX REPLACE " +" ";" deps "${deps}")
    list(APPEND modules ${module})
    set(CORNERSTORE_DEPS_${module} "${deps}" PARENT_SCOPE)
  endforeach()
  set(CORNERSTORE_MODULES "${modules}" PARENT_SCOPE)
endfunction()

# module_target(<out> <module>): the library's name, storage/wal -> storage_wal.
function(module_target out module)
  string(REPLACE "/" "_" target ${module})
  set(${out} ${target} PARENT_SCOPE)
endfunction()

# Reuse the precompiled header that `owner` has: `base` that of the standard library, the unit tests'
# that of GoogleTest. GCC refuses a header built with other flags.
function(use_precompiled_header target owner)
  if(NOT CMAKE_DISABLE_PRECOMPILE_HEADERS)
    target_precompile_headers(${target} REUSE_FROM ${owner})
  endif()
endfunction()

# add_module(<folder> [LIBRARIES third-party targets...])
function(add_module module)
  cmake_parse_arguments(ARG "" "" "LIBRARIES" ${ARGN})
  module_target(target ${module})
  file(GLOB sources CONFIGURE_DEPENDS ${PROJECT_SOURCE_DIR}/src/${module}/*.cc)
  list(FILTER sources EXCLUDE REGEX "_test\\.cc$")
  add_library(${target} STATIC ${sources})
  target_include_directories(${target} PUBLIC ${PROJECT_SOURCE_DIR}/src)
  foreach(dep IN LISTS CORNERSTORE_DEPS_${module})
    module_target(dep_target ${dep})
    target_link_libraries(${target} PUBLIC ${dep_target})
  endforeach()
  # A third-party library's headers stay inside the module's .cc files.
  target_link_libraries(${target} PRIVATE ${ARG_LIBRARIES})
  if(module STREQUAL "base")
    # Found by the include path: what CMake writes is the same in every clone.
    target_precompile_headers(base PRIVATE <base/pch.h>)
  else()
    use_precompiled_header(${target} base)
  endif()
endfunction()

# add_program(<name> SOURCES files... MODULES folders... [LIBRARIES targets...]
#             [PRECOMPILED_HEADER_OF target])
# Binaries land in build/<preset>/bin.
function(add_program name)
  cmake_parse_arguments(ARG "" "PRECOMPILED_HEADER_OF" "SOURCES;MODULES;LIBRARIES" ${ARGN})
  add_executable(${name} ${ARG_SOURCES})
  target_include_directories(${name} PRIVATE ${PROJECT_SOURCE_DIR}/src ${PROJECT_SOURCE_DIR})
  foreach(module IN LISTS ARG_MODULES)
    module_target(target ${module})
    target_link_libraries(${name} PRIVATE ${target})
  endforeach()
  target_link_libraries(${name} PRIVATE ${ARG_LIBRARIES})
  if(NOT ARG_PRECOMPILED_HEADER_OF)
    set(ARG_PRECOMPILED_HEADER_OF base)
  endif()
  use_precompiled_header(${name} ${ARG_PRECOMPILED_HEADER_OF})
endfunction()
