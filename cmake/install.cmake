# SPDX-License-Identifier: Apache-2.0
# Headers, find_package and pkg-config files. All of it is the same on every architecture and can be moved as a whole.
include(GNUInstallDirs)
include(CMakePackageConfigHelpers)

set(config_dir ${CMAKE_INSTALL_DATADIR}/cmake/remote_job)
set(pc_dir ${CMAKE_INSTALL_DATADIR}/pkgconfig)
file(RELATIVE_PATH prefix_from_pc /${pc_dir} /)

install(DIRECTORY include/ DESTINATION ${CMAKE_INSTALL_INCLUDEDIR} FILES_MATCHING PATTERN "*.hpp")
install(TARGETS remote_job EXPORT remote_job-targets INCLUDES DESTINATION ${CMAKE_INSTALL_INCLUDEDIR})
install(EXPORT remote_job-targets NAMESPACE remote_job:: DESTINATION ${config_dir})

# Below 1.0.0 a minor version may change the interface.
write_basic_package_version_file(remote_job-config-version.cmake COMPATIBILITY SameMinorVersion ARCH_INDEPENDENT)
configure_package_config_file(cmake/remote_job-config.cmake.in remote_job-config.cmake INSTALL_DESTINATION ${config_dir})
install(FILES
  ${CMAKE_CURRENT_BINARY_DIR}/remote_job-config.cmake
  ${CMAKE_CURRENT_BINARY_DIR}/remote_job-config-version.cmake
  cmake/dependencies.cmake
  DESTINATION ${config_dir})

foreach(name IN ITEMS remote_job remote_job-ssh)
  configure_file(cmake/${name}.pc.in ${name}.pc @ONLY)
  install(FILES ${CMAKE_CURRENT_BINARY_DIR}/${name}.pc DESTINATION ${pc_dir})
endforeach()
install(FILES LICENSE DESTINATION ${CMAKE_INSTALL_DATADIR}/licenses/remote_job)
