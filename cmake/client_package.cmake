# The client library as others use it: libetcd-client.a with all of our modules that it needs, its
# headers, a CMake package and a pkg-config file.
#
#   cmake --install build/release --component client --prefix DIR
include(GNUInstallDirs)
include(CMakePackageConfigHelpers)

set(client_objects "")
foreach(module base runtime runtime/posix runtime/asio proto net/http net/rpc client)
  module_target(target ${module})
  list(APPEND client_objects $<TARGET_OBJECTS:${target}>)
endforeach()
add_library(etcd-client STATIC ${client_objects})
set_target_properties(etcd-client PROPERTIES LINKER_LANGUAGE CXX EXPORT_NAME client)
target_compile_features(etcd-client INTERFACE cxx_std_20)
target_include_directories(etcd-client INTERFACE
  $<BUILD_INTERFACE:${PROJECT_SOURCE_DIR}/include>
  $<INSTALL_INTERFACE:${CMAKE_INSTALL_INCLUDEDIR}>)
target_link_libraries(etcd-client INTERFACE
  protobuf::libprotobuf OpenSSL::SSL OpenSSL::Crypto nghttp2 z Threads::Threads)

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
