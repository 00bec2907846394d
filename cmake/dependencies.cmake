# SPDX-License-Identifier: Apache-2.0
# What the library needs, found in the same way by its own build and by find_package(remote_job) of whoever uses it.
# Each function leaves a target, or none where nothing new enough is found. A target of that name that is there already
# is taken: so a project that brings its own Asio or libssh2 says where they are.

# remote_job::asio: standalone Asio, headers only. ASIO_INCLUDE_DIR names the one to use.
function(remote_job_find_asio)
  if(TARGET remote_job::asio)
    return()
  endif()
  find_path(ASIO_INCLUDE_DIR asio.hpp DOC "Directory of <asio.hpp>; 1.22.1 or newer, standalone")
  if(NOT ASIO_INCLUDE_DIR)
    return()
  endif()
  file(STRINGS "${ASIO_INCLUDE_DIR}/asio/version.hpp" line REGEX "define ASIO_VERSION ")
  string(REGEX REPLACE "[^0-9]*([0-9]+).*" "\\1" number "${line}")
  if(number LESS 102201)
    message(STATUS "remote_job: the Asio in ${ASIO_INCLUDE_DIR} is older than 1.22.1")
    return()
  endif()
  if(NOT TARGET Threads::Threads)
    find_package(Threads REQUIRED)
    set_target_properties(Threads::Threads PROPERTIES IMPORTED_GLOBAL TRUE)
  endif()
  add_library(remote_job::asio INTERFACE IMPORTED GLOBAL)
  target_include_directories(remote_job::asio SYSTEM INTERFACE "${ASIO_INCLUDE_DIR}")
  target_link_libraries(remote_job::asio INTERFACE Threads::Threads)
endfunction()

# remote_job::libssh2, by pkg-config.
function(remote_job_find_libssh2)
  if(TARGET remote_job::libssh2)
    return()
  endif()
  find_package(PkgConfig QUIET)
  if(NOT PkgConfig_FOUND)
    return()
  endif()
  pkg_check_modules(REMOTE_JOB_LIBSSH2 QUIET IMPORTED_TARGET GLOBAL libssh2>=1.10.0)
  if(REMOTE_JOB_LIBSSH2_FOUND)
    add_library(remote_job::libssh2 INTERFACE IMPORTED GLOBAL)
    target_link_libraries(remote_job::libssh2 INTERFACE PkgConfig::REMOTE_JOB_LIBSSH2)
  endif()
endfunction()
