# Packages for Debian, one a component:
#
#   cd build/release && cpack -G DEB        -> packages/*.deb
#
#   cornerstore-server      etcd, its unit for systemd
#   cornerstore-client      etcdctl, etcdutl, etcd-bench (and benchmark), etcd-dump-logs, -db, -metrics
#   libetcd-client-dev      the client library, which is static, and its headers
#
# The first two take the place of Debian's etcd-server and etcd-client: same programs, same unit, same
# files of the operator (/etc/default/etcd, /var/lib/etcd), which none of them removes.
set(CPACK_PACKAGE_NAME cornerstore)
set(CPACK_PACKAGE_VENDOR Cornerstore)
set(CPACK_PACKAGE_CONTACT "Cornerstore")
set(CPACK_PACKAGE_DIRECTORY ${PROJECT_BINARY_DIR}/packages)
set(CPACK_COMPONENTS_ALL server tools client)
set(CPACK_STRIP_FILES ON)
# The unit names the program where it will lie.
set(CPACK_SET_DESTDIR ON)
set(CPACK_INSTALL_PREFIX /usr)

set(CPACK_DEB_COMPONENT_INSTALL ON)
set(CPACK_DEBIAN_FILE_NAME DEB-DEFAULT)
set(CPACK_DEBIAN_PACKAGE_RELEASE 1)
set(CPACK_DEBIAN_PACKAGE_SHLIBDEPS ON)
set(CPACK_DEBIAN_PACKAGE_CONTROL_STRICT_PERMISSION ON)

set(CPACK_DEBIAN_SERVER_PACKAGE_NAME cornerstore-server)
set(CPACK_COMPONENT_SERVER_DESCRIPTION
    "distributed, reliable key-value store\n Serves etcd's API and speaks etcd's peer protocol.")
set(CPACK_DEBIAN_SERVER_PACKAGE_SECTION net)
set(CPACK_DEBIAN_SERVER_PACKAGE_RECOMMENDS cornerstore-client)
set(maintainer ${PROJECT_SOURCE_DIR}/packaging/debian)
set(CPACK_DEBIAN_SERVER_PACKAGE_CONTROL_EXTRA
    "${maintainer}/postinst;${maintainer}/prerm;${maintainer}/postrm")

set(CPACK_DEBIAN_TOOLS_PACKAGE_NAME cornerstore-client)
set(CPACK_COMPONENT_TOOLS_DESCRIPTION
    "command line tools for etcd\n etcdctl, etcdutl, etcd-bench, etcd-dump-logs, etcd-dump-db and etcd-dump-metrics.")
set(CPACK_DEBIAN_TOOLS_PACKAGE_SECTION net)

foreach(pair "SERVER;etcd-server" "TOOLS;etcd-client")
  list(GET pair 0 component)
  list(GET pair 1 debians)
  foreach(relation CONFLICTS REPLACES PROVIDES)
    set(CPACK_DEBIAN_${component}_PACKAGE_${relation} ${debians})
  endforeach()
endforeach()

set(CPACK_DEBIAN_CLIENT_PACKAGE_NAME libetcd-client-dev)
set(CPACK_COMPONENT_CLIENT_DESCRIPTION
    "client library for etcd\n The static library, its headers, and files for CMake and pkg-config.")
set(CPACK_DEBIAN_CLIENT_PACKAGE_SECTION libdevel)
set(CPACK_DEBIAN_CLIENT_PACKAGE_DEPENDS
    "libprotobuf-dev, libssl-dev, libnghttp2-dev, zlib1g-dev, libc-ares-dev")

include(CPack)
