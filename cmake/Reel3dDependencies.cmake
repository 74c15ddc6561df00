# Finds the libraries that reel3d links: Debian 12 packages (setup/debian-packages.txt) and LibTorch.

find_package(PkgConfig REQUIRED)
find_package(Threads REQUIRED)
find_package(fmt REQUIRED)
find_package(spdlog REQUIRED)
find_package(nlohmann_json REQUIRED)
find_package(Boost REQUIRED COMPONENTS program_options)
pkg_check_modules(FFMPEG REQUIRED IMPORTED_TARGET libavformat libavcodec libswscale libavutil)
pkg_check_modules(LIBJPEG REQUIRED IMPORTED_TARGET libjpeg)
# SIMD with run-time dispatch for the crop decoder.
pkg_check_modules(HIGHWAY REQUIRED IMPORTED_TARGET libhwy)
pkg_check_modules(LIBDEFLATE REQUIRED IMPORTED_TARGET libdeflate)
# Compares class names in different Unicode forms.
pkg_check_modules(UTF8PROC REQUIRED IMPORTED_TARGET libutf8proc)
# Only HDF5's C interface is used: its C++ and high-level wrappers are not thread-safe. The search is
# QUIET, because CMake would only report "unable to compile a minimal HDF5 program".
find_package(HDF5 QUIET COMPONENTS C)
if(NOT HDF5_FOUND)
  message(FATAL_ERROR "HDF5's C library (Debian: libhdf5-dev) was not found, or no program can be "
    "built with it. setup/install.sh installs what reel3d is built from; HDF5_ROOT names an HDF5 of "
    "your own.")
endif()
# Libraries that do not include torch share this precompiled header: parsing these headers is a tenth of their
# compile time.
reel3d_precompiled_header(std_header <algorithm> <filesystem> <functional> <map> <memory> <optional> <string>
                          <utility> <vector>)
add_library(reel3d_libhdf5 INTERFACE)
target_include_directories(reel3d_libhdf5 SYSTEM INTERFACE ${HDF5_C_INCLUDE_DIRS})
target_link_libraries(reel3d_libhdf5 INTERFACE ${HDF5_C_LIBRARIES})
if(REEL3D_TESTS)
  find_package(GTest REQUIRED)
endif()

if(REEL3D_TORCH)
  # This keeps mpi.h from including Open MPI's obsolete C++ bindings.
  set(MPI_CXX_SKIP_MPICXX ON)
  find_package(MPI REQUIRED COMPONENTS CXX)
  # Draws the captions of classify-video in any script.
  pkg_check_modules(PANGO REQUIRED IMPORTED_TARGET pangocairo fontconfig)
  # Encodes the pictures for TensorBoard.
  pkg_check_modules(LIBPNG REQUIRED IMPORTED_TARGET libpng)
  include(LibTorchFromWheel)
  # One precompiled header for all sources takes 30 s once instead of 15 s in every source. g++
  # instantiates its templates again in every source. With <torch/torch.h> that takes 10 s, with
  # <torch/nn/module.h> 4 s.
  reel3d_precompiled_header(torch_header <torch/nn/module.h>)
  target_link_libraries(reel3d_torch_header PUBLIC LibTorch)
  target_compile_definitions(reel3d_torch_header PRIVATE FMT_HEADER_ONLY=1)
endif()
