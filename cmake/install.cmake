# What `cmake --install build/release --prefix DIR` brings beside the client library: the programs,
# their manual pages, and a unit for systemd.
include(GNUInstallDirs)

install(TARGETS etcd etcdctl etcdutl RUNTIME DESTINATION ${CMAKE_INSTALL_BINDIR} COMPONENT programs)

set(pages "")
function(add_man_page name about)
  set(page ${PROJECT_BINARY_DIR}/man/${name}.1)
  add_custom_command(
    OUTPUT ${page}
    COMMAND ${CMAKE_COMMAND} -DPROGRAM=$<TARGET_FILE:${name}> -DNAME=${name} -DABOUT=${about}
            -DVERSION=${PROJECT_VERSION} -DOUT=${page} -P ${PROJECT_SOURCE_DIR}/cmake/man_page.cmake
    DEPENDS ${name} ${PROJECT_SOURCE_DIR}/cmake/man_page.cmake
    VERBATIM)
  set(pages ${pages} ${page} PARENT_SCOPE)
endfunction()
add_man_page(etcd "a distributed, reliable key-value store")
add_man_page(etcdctl "a command line client for etcd")
add_man_page(etcdutl "the files of etcd, while it does not run")
add_custom_target(man_pages ALL DEPENDS ${pages})
install(FILES ${pages} DESTINATION ${CMAKE_INSTALL_MANDIR}/man1 COMPONENT programs)

# It names the program, so it is made where the prefix is known.
set(unit ${PROJECT_BINARY_DIR}/etcd.service)
install(CODE "
  set(CMAKE_INSTALL_BINDIR ${CMAKE_INSTALL_BINDIR})
  configure_file(${PROJECT_SOURCE_DIR}/packaging/etcd.service.in ${unit} @ONLY)"
  COMPONENT programs)
install(FILES ${unit} DESTINATION lib/systemd/system COMPONENT programs)
