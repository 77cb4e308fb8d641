# The client library as others use it: libetcd-client.a, its headers, a CMake package and a pkg-config
# file.
#
#   cmake --install build/release --component client --prefix DIR
#
# It is made to live in any program, a shared library included. All of our modules that it needs are
# compiled anew, position-independent and without the descriptors of their messages, and joined to
# one object file in which only the public names are global. So a program may have messages of the
# same names, and other versions of what we use, without either noticing.
include(GNUInstallDirs)
include(CMakePackageConfigHelpers)
find_program(GNU_LD ld.bfd REQUIRED)

# The messages in the form that is registered nowhere: the files as they are, without services.
set(lite ${PROJECT_BINARY_DIR}/generated-lite)
set(lite_contracts "")
set(lite_sources "")
foreach(name auth kv rpc admission usage)
  set(contract ${PROJECT_SOURCE_DIR}/src/proto/${name}.proto)
  set_property(DIRECTORY APPEND PROPERTY CMAKE_CONFIGURE_DEPENDS ${contract})
  file(READ ${contract} text)
  string(REGEX REPLACE "import \"proto/gateway.proto\";\n" "" text "${text}")
  string(REGEX REPLACE "\n *option \\(cornerstore[^\n]*" "" text "${text}")
  string(REGEX REPLACE "(\npackage [a-z]+;)" "\\1\noption optimize_for = LITE_RUNTIME;" text "${text}")
  file(CONFIGURE OUTPUT ${lite}/proto/${name}.proto CONTENT "${text}" @ONLY)
  list(APPEND lite_contracts ${lite}/proto/${name}.proto)
  list(APPEND lite_sources ${lite}/proto/${name}.pb.cc)
endforeach()
list(TRANSFORM lite_sources REPLACE "cc$" "h" OUTPUT_VARIABLE lite_headers)
add_custom_command(
  OUTPUT ${lite_sources} ${lite_headers}
  COMMAND protobuf::protoc -I ${lite} --cpp_out=${lite} ${lite_contracts}
  DEPENDS ${lite_contracts})
set_source_files_properties(${lite_sources} PROPERTIES COMPILE_OPTIONS -w
                            SKIP_PRECOMPILE_HEADERS ON)

set(client_sources ${lite_sources} ${lite_headers})
foreach(module base runtime runtime/posix runtime/asio runtime/dns net/http net/rpc client)
  module_target(target ${module})
  get_target_property(module_sources ${target} SOURCES)
  list(APPEND client_sources ${module_sources})
endforeach()
# Of the configuration the grammar of members' URLs alone.
list(APPEND client_sources ${PROJECT_SOURCE_DIR}/src/config/url.cc)
list(FILTER client_sources EXCLUDE REGEX "pch")
add_library(etcd-client-objects OBJECT ${client_sources})
set_target_properties(etcd-client-objects PROPERTIES
  POSITION_INDEPENDENT_CODE ON
  CXX_VISIBILITY_PRESET hidden
  VISIBILITY_INLINES_HIDDEN ON)
# By section, so that what a program does not call does not go into it.
target_compile_options(etcd-client-objects PRIVATE -ffunction-sections -fdata-sections)
if(CMAKE_CXX_COMPILER_ID STREQUAL "GNU")
  # Such symbols cannot become local.
  target_compile_options(etcd-client-objects PRIVATE -fno-gnu-unique)
endif()
target_include_directories(etcd-client-objects PRIVATE
  ${PROJECT_SOURCE_DIR}/src ${PROJECT_SOURCE_DIR}/include)
target_include_directories(etcd-client-objects SYSTEM PRIVATE ${lite})
target_link_libraries(etcd-client-objects PRIVATE Boost::headers protobuf::libprotobuf)
if(NOT CMAKE_DISABLE_PRECOMPILE_HEADERS)
  target_precompile_headers(etcd-client-objects PRIVATE ${PROJECT_SOURCE_DIR}/src/base/pch.h)
endif()

# GNU's linker, whatever links the programs: it alone can resolve the groups of inline functions,
# without which a name cannot become local.
set(client_object ${PROJECT_BINARY_DIR}/lib/etcd-client.o)
# Without the precompiled header, which CMake counts among them.
set(client_objects "$<FILTER:$<TARGET_OBJECTS:etcd-client-objects>,INCLUDE,\\.o$>")
add_custom_command(
  OUTPUT ${client_object}
  COMMAND ${GNU_LD} -r --force-group-allocation -o ${client_object}.joined
          ${client_objects}
  COMMAND ${CMAKE_OBJCOPY} --wildcard --keep-global-symbols=${PROJECT_SOURCE_DIR}/cmake/etcd-client.symbols
          ${client_object}.joined ${client_object}
  COMMAND ${CMAKE_COMMAND} -E rm ${client_object}.joined
  DEPENDS ${client_objects} ${PROJECT_SOURCE_DIR}/cmake/etcd-client.symbols
  COMMAND_EXPAND_LISTS VERBATIM)
add_library(etcd-client STATIC ${client_object})
set_target_properties(etcd-client PROPERTIES LINKER_LANGUAGE CXX EXPORT_NAME client)
target_compile_features(etcd-client INTERFACE cxx_std_20)
target_include_directories(etcd-client INTERFACE
  $<BUILD_INTERFACE:${PROJECT_SOURCE_DIR}/include>
  $<INSTALL_INTERFACE:${CMAKE_INSTALL_INCLUDEDIR}>)
target_link_libraries(etcd-client INTERFACE
  protobuf::libprotobuf OpenSSL::SSL OpenSSL::Crypto nghttp2 z cares Threads::Threads)

set(client_package_dir ${CMAKE_INSTALL_LIBDIR}/cmake/etcd-client)
install(TARGETS etcd-client EXPORT etcd-client-targets
        ARCHIVE DESTINATION ${CMAKE_INSTALL_LIBDIR} COMPONENT client)
install(DIRECTORY ${PROJECT_SOURCE_DIR}/include/etcd
        DESTINATION ${CMAKE_INSTALL_INCLUDEDIR} COMPONENT client)
install(EXPORT etcd-client-targets NAMESPACE etcd::
        DESTINATION ${client_package_dir} COMPONENT client)
configure_package_config_file(
  ${PROJECT_SOURCE_DIR}/cmake/etcd-client-config.cmake.in
  ${PROJECT_BINARY_DIR}/etcd-client-config.cmake
  INSTALL_DESTINATION ${client_package_dir})
write_basic_package_version_file(
  ${PROJECT_BINARY_DIR}/etcd-client-config-version.cmake COMPATIBILITY SameMajorVersion)
# From where the file will lie, so that the tree can be moved.
file(RELATIVE_PATH up /${CMAKE_INSTALL_LIBDIR}/pkgconfig /)
set(CLIENT_PC_PREFIX "\${pcfiledir}/${up}")
configure_file(${PROJECT_SOURCE_DIR}/cmake/etcd-client.pc.in
               ${PROJECT_BINARY_DIR}/etcd-client.pc @ONLY)
install(FILES ${PROJECT_BINARY_DIR}/etcd-client-config.cmake
              ${PROJECT_BINARY_DIR}/etcd-client-config-version.cmake
        DESTINATION ${client_package_dir} COMPONENT client)
install(FILES ${PROJECT_BINARY_DIR}/etcd-client.pc
        DESTINATION ${CMAKE_INSTALL_LIBDIR}/pkgconfig COMPONENT client)
