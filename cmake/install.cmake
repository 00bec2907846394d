# SPDX-License-Identifier: Apache-2.0
# Headers, find_package and pkg-config files, which are the same on every architecture; and the compiled libraries, if they
# were built: cmake --build BUILD --target remote_job_compiled remote_job_ssh_compiled. All of it can be moved as a whole.
include(GNUInstallDirs)
include(CMakePackageConfigHelpers)

set(config_dir ${CMAKE_INSTALL_DATADIR}/cmake/remote_job)
set(pc_dir ${CMAKE_INSTALL_DATADIR}/pkgconfig)
set(compiled_config_dir ${CMAKE_INSTALL_LIBDIR}/cmake/remote_job)
set(compiled_pc_dir ${CMAKE_INSTALL_LIBDIR}/pkgconfig)

install(DIRECTORY include/ DESTINATION ${CMAKE_INSTALL_INCLUDEDIR} FILES_MATCHING PATTERN "*.hpp" PATTERN "*.ipp")
install(TARGETS remote_job EXPORT remote_job-targets INCLUDES DESTINATION ${CMAKE_INSTALL_INCLUDEDIR})
install(EXPORT remote_job-targets NAMESPACE remote_job:: DESTINATION ${config_dir})

# Below 1.0.0 a minor version may change the interface.
write_basic_package_version_file(remote_job-config-version.cmake COMPATIBILITY SameMinorVersion ARCH_INDEPENDENT)
configure_package_config_file(cmake/remote_job-config.cmake.in remote_job-config.cmake INSTALL_DESTINATION ${config_dir}
  PATH_VARS compiled_config_dir)
install(FILES
  ${CMAKE_CURRENT_BINARY_DIR}/remote_job-config.cmake
  ${CMAKE_CURRENT_BINARY_DIR}/remote_job-config-version.cmake
  cmake/dependencies.cmake
  DESTINATION ${config_dir})

# remote_job_install_pc NAME DESTINATION [COMPONENT]
function(remote_job_install_pc name destination)
  file(RELATIVE_PATH prefix_from_pc /${destination} /)
  configure_file(cmake/${name}.pc.in ${name}.pc @ONLY)
  install(FILES ${CMAKE_CURRENT_BINARY_DIR}/${name}.pc DESTINATION ${destination} ${ARGN})
endfunction()
remote_job_install_pc(remote_job ${pc_dir})
remote_job_install_pc(remote_job-ssh ${pc_dir})

# Installed only where the library was built. Its targets file is then beside it, and remote_job-config.cmake looks there.
foreach(name IN ITEMS compiled ssh_compiled)
  if(NOT TARGET remote_job_${name})
    continue()
  endif()
  install(TARGETS remote_job_${name} EXPORT remote_job-${name}-targets ARCHIVE DESTINATION ${CMAKE_INSTALL_LIBDIR} OPTIONAL)
  install(EXPORT remote_job-${name}-targets NAMESPACE remote_job:: DESTINATION ${compiled_config_dir})
  string(REPLACE "_" "-" pc ${name})
  remote_job_install_pc(remote_job-${pc} ${compiled_pc_dir})
endforeach()
install(FILES LICENSE DESTINATION ${CMAKE_INSTALL_DATADIR}/licenses/remote_job)
