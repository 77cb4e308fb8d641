# What `cmake --install build/release --prefix DIR` brings beside the client library: the programs,
# their manual pages, and a unit for systemd.
include(GNUInstallDirs)

install(TARGETS etcd RUNTIME DESTINATION ${CMAKE_INSTALL_BINDIR} COMPONENT server)
install(TARGETS etcd-discovery RUNTIME DESTINATION ${CMAKE_INSTALL_BINDIR} COMPONENT server)
install(TARGETS etcdctl etcdutl etcd-bench etcd-dump-logs etcd-dump-db etcd-dump-metrics
        RUNTIME DESTINATION ${CMAKE_INSTALL_BINDIR} COMPONENT tools)
# By the name that etcd's own has, for scripts.
install(CODE "
  file(CREATE_LINK etcd-bench
       \"\$ENV{DESTDIR}\${CMAKE_INSTALL_PREFIX}/${CMAKE_INSTALL_BINDIR}/benchmark\" SYMBOLIC)"
  COMPONENT tools)

set(pages "")
function(add_man_page name component about)
  set(page ${PROJECT_BINARY_DIR}/man/${name}.1)
  add_custom_command(
    OUTPUT ${page}
    COMMAND ${CMAKE_COMMAND} -DPROGRAM=$<TARGET_FILE:${name}> -DNAME=${name} -DABOUT=${about}
            -DVERSION=${PROJECT_VERSION} -DOUT=${page} -P ${PROJECT_SOURCE_DIR}/cmake/man_page.cmake
    DEPENDS ${name} ${PROJECT_SOURCE_DIR}/cmake/man_page.cmake
    VERBATIM)
  set(pages ${pages} ${page} PARENT_SCOPE)
  install(FILES ${page} DESTINATION ${CMAKE_INSTALL_MANDIR}/man1 COMPONENT ${component})
endfunction()
add_man_page(etcd server "a distributed, reliable key-value store")
add_man_page(etcd-discovery server "members of a new cluster find each other")
add_man_page(etcdctl tools "a command line client for etcd")
add_man_page(etcdutl tools "the files of etcd, while it does not run")
add_man_page(etcd-dump-logs tools "the log of etcd, entry by entry")
add_man_page(etcd-dump-db tools "the database of etcd, record by record")
add_man_page(etcd-dump-metrics tools "the metrics that etcd has")
add_man_page(etcd-bench tools "puts a load on etcd and measures it")
add_custom_target(man_pages ALL DEPENDS ${pages})

# It names the program, so it is made where the prefix is known.
set(unit ${PROJECT_BINARY_DIR}/etcd.service)
install(CODE "
  set(CMAKE_INSTALL_BINDIR ${CMAKE_INSTALL_BINDIR})
  configure_file(${PROJECT_SOURCE_DIR}/packaging/etcd.service.in ${unit} @ONLY)"
  COMPONENT server)
install(FILES ${unit} DESTINATION lib/systemd/system COMPONENT server)

set(packaging ${PROJECT_SOURCE_DIR}/packaging)
install(FILES ${packaging}/etcd.conf.yml.sample ${packaging}/Procfile ${packaging}/kubernetes.yaml
        DESTINATION ${CMAKE_INSTALL_DATADIR}/doc/cornerstore-server/examples COMPONENT server)
foreach(pair "server;cornerstore-server" "tools;cornerstore-client" "client;libetcd-client-dev")
  list(GET pair 0 component)
  list(GET pair 1 package)
  install(FILES ${PROJECT_SOURCE_DIR}/LICENSE DESTINATION ${CMAKE_INSTALL_DATADIR}/doc/${package}
          RENAME copyright COMPONENT ${component})
endforeach()
