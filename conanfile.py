# SPDX-License-Identifier: Apache-2.0
"""The Conan 2 recipe: conan create .  (-o 'remote_job/*:with_ssh=False' for a package without libssh2)"""

import os
import re

from conan import ConanFile
from conan.tools.build import check_min_cppstd
from conan.tools.files import copy, load
from conan.tools.layout import basic_layout

required_conan_version = ">=2.0"


class RemoteJobConan(ConanFile):
    name = "remote_job"
    description = "Watches detached jobs on remote hosts: log and exit code come home"
    license = "Apache-2.0"
    topics = ("ssh", "asio", "jobs", "header-only")
    package_type = "header-library"
    settings = "os", "arch", "compiler", "build_type"
    options = {"with_ssh": [True, False]}
    default_options = {"with_ssh": True}
    exports_sources = "include/*", "LICENSE"
    no_copy_source = True

    def set_version(self):
        header = load(self, os.path.join(self.recipe_folder, "include", "remote_job", "version.hpp"))
        self.version = re.search(r'REMOTE_JOB_VERSION_STRING "(.*)"', header)[1]

    def layout(self):
        basic_layout(self)

    def requirements(self):
        self.requires("asio/[>=1.22.1 <2]")
        if self.options.with_ssh:
            self.requires("libssh2/[>=1.10.0 <2]")

    def validate(self):
        check_min_cppstd(self, 20)

    def package_id(self):
        self.info.settings.clear()

    def package(self):
        copy(self, "LICENSE", self.source_folder, os.path.join(self.package_folder, "licenses"))
        for pattern in ("*.hpp", "*.ipp"):
            copy(self, pattern, os.path.join(self.source_folder, "include"), os.path.join(self.package_folder, "include"))

    def package_info(self):
        # The targets and pkg-config names are those of the library's own package files.
        core = self.cpp_info.components["core"]
        core.set_property("cmake_target_name", "remote_job::remote_job")
        core.set_property("pkg_config_name", "remote_job")
        core.bindirs, core.libdirs = [], []
        core.requires = ["asio::asio"]
        if self.settings.os in ("Linux", "FreeBSD"):
            core.system_libs = ["pthread"]
        if self.options.with_ssh:
            ssh = self.cpp_info.components["ssh"]
            ssh.set_property("cmake_target_name", "remote_job::ssh")
            ssh.set_property("pkg_config_name", "remote_job-ssh")
            ssh.bindirs, ssh.libdirs = [], []
            ssh.requires = ["core", "libssh2::libssh2"]
