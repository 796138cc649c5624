# SPDX-License-Identifier: Apache-2.0
"""Conan's recipe for the C library, from a release archive:

    CAPAUTH_ARCHIVE=$PWD/build/packages/capauth-X.Y.Z.tar.gz conan create pkgconfig/conan --version X.Y.Z

libcurl and json-c are the system's. A project finds the package by find_package(capauth) or by pkg-config.
"""

import os

from conan import ConanFile
from conan.tools.cmake import CMake, CMakeToolchain, cmake_layout
from conan.tools.files import unzip


class Capauth(ConanFile):
    name = "capauth"
    license = "Apache-2.0"
    description = "Signs customers in at Capillary's Auth Engine, and keeps them signed in"
    settings = "os", "compiler", "build_type", "arch"
    package_type = "shared-library"
    languages = "C"

    def layout(self):
        cmake_layout(self, src_folder="source")

    def source(self):
        unzip(self, os.environ["CAPAUTH_ARCHIVE"], strip_root=True)

    def generate(self):
        toolchain = CMakeToolchain(self)
        for part in ("PYTHON", "LUA", "JAVA", "EMULATOR", "TESTS"):
            toolchain.cache_variables[f"CAPAUTH_{part}"] = "OFF"
        toolchain.generate()

    def build(self):
        cmake = CMake(self)
        cmake.configure()
        cmake.build()

    def package(self):
        CMake(self).install()

    def package_info(self):
        self.cpp_info.set_property("cmake_find_mode", "none")  # it has a CMake package of its own
        self.cpp_info.builddirs = [os.path.join("lib", "cmake", "capauth")]
        self.cpp_info.set_property("pkg_config_name", "capauth")
        self.cpp_info.libs = ["capauth"]
