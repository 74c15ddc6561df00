# Defines the target LibTorch from REEL3D_LIBTORCH, a folder with LibTorch's lib/ and include/ (a
# site-packages/torch is one), or from the wheels in build/libtorch. With REEL3D_CUDA it carries CUDA
# and NCCL too, from the NVIDIA wheels beside torch or from the system.
#
# find_package(Torch) is of no use here: the wheel's configuration enables the CUDA language and so
# asks for nvcc, while host C++17 is all that reel3d needs.

if(REEL3D_CUDA)
  set(_install "setup/install.sh --cuda")
else()
  set(_install "setup/install.sh")
endif()

set(_torch "${REEL3D_LIBTORCH}")
if(_torch STREQUAL "")
  file(GLOB _torch "${CMAKE_BINARY_DIR}/../libtorch/lib/python3*/site-packages/torch"
       "${CMAKE_SOURCE_DIR}/build/libtorch/lib/python3*/site-packages/torch")
  list(APPEND _torch "build/libtorch")
  list(GET _torch 0 _torch)
endif()
get_filename_component(_torch "${_torch}" ABSOLUTE)
set(_headers "${_torch}/include/torch/csrc/api/include")
if(NOT EXISTS "${_torch}/lib/libtorch_cpu.so" OR NOT EXISTS "${_headers}/torch/torch.h")
  message(FATAL_ERROR "No LibTorch in ${_torch}. Install it:\n  ${_install}\n"
    "or name one with -DREEL3D_LIBTORCH=DIR (the folder with lib/ and include/), or build only what "
    "needs none with -DREEL3D_TORCH=OFF.")
endif()
message(STATUS "LibTorch: ${_torch}")

add_library(LibTorch INTERFACE)
# libtorch.so is not linked, because it only adds the CUDA libraries.
target_link_libraries(LibTorch INTERFACE
  "${_torch}/lib/libtorch_cpu.so" "${_torch}/lib/libc10.so" Threads::Threads)
target_include_directories(LibTorch SYSTEM INTERFACE
  "${_torch}/include" "${_headers}")
target_compile_definitions(LibTorch INTERFACE USE_DISTRIBUTED USE_C10D)
target_link_options(LibTorch INTERFACE "LINKER:-rpath,${_torch}/lib")
# ld finds the libraries that LibTorch needs in these folders. At run time LibTorch's own run paths do.
set(_nvidia "${_torch}/../nvidia")
file(GLOB _nvidia_lib_folders "${_nvidia}/*/lib")
foreach(_folder ${_nvidia_lib_folders})
  target_link_options(LibTorch INTERFACE "LINKER:-rpath-link,${_folder}")
endforeach()

if(REEL3D_CUDA)
  # CUDA comes from the NVIDIA wheels beside torch if there are any, else from the system: never mixed.
  if(EXISTS "${_nvidia}")
    set(_where PATHS "${_nvidia}/cu13" "${_nvidia}/nccl" "${_nvidia}/cudnn" NO_DEFAULT_PATH)
  else()
    set(_where HINTS /usr/local/cuda)
  endif()
  find_path(REEL3D_CUDA_INCLUDE cuda_runtime_api.h ${_where} PATH_SUFFIXES include NO_CACHE)
  find_path(REEL3D_NCCL_INCLUDE nccl.h ${_where} PATH_SUFFIXES include NO_CACHE)
  find_library(REEL3D_CUDART NAMES cudart libcudart.so.13 libcudart.so.12 ${_where}
               PATH_SUFFIXES lib lib64 NO_CACHE)
  find_library(REEL3D_NCCL NAMES nccl libnccl.so.2 ${_where} PATH_SUFFIXES lib NO_CACHE)
  find_file(REEL3D_TORCH_CUDA libtorch_cuda.so PATHS "${_torch}/lib" NO_DEFAULT_PATH NO_CACHE)
  # These two are not linked, but LibTorch's CUDA part does not load without them.
  find_library(REEL3D_CUDNN NAMES cudnn libcudnn.so.9 ${_where} PATH_SUFFIXES lib NO_CACHE)
  find_library(REEL3D_CUBLAS NAMES cublas libcublas.so.13 libcublas.so.12 ${_where}
               PATH_SUFFIXES lib lib64 NO_CACHE)
  foreach(_part CUDA_INCLUDE NCCL_INCLUDE CUDART NCCL TORCH_CUDA CUDNN CUBLAS)
    if(NOT REEL3D_${_part})
      message(FATAL_ERROR "-DREEL3D_CUDA=ON, but this LibTorch lacks its CUDA part ${_part}. Install "
        "the CUDA wheels:\n  ${_install}\nor say where it is with -DREEL3D_${_part}=PATH.")
    endif()
  endforeach()
  # libtorch_cuda.so registers its kernels in static initialisers. If no symbol of it is referenced, ld
  # would drop it without --no-as-needed.
  target_link_libraries(LibTorch INTERFACE
    "-Wl,--push-state,--no-as-needed" "${REEL3D_TORCH_CUDA}" "${_torch}/lib/libc10_cuda.so"
    "${REEL3D_NCCL}" "${REEL3D_CUDART}" "-Wl,--pop-state")
  foreach(_library "${REEL3D_NCCL}" "${REEL3D_CUDART}")
    get_filename_component(_folder "${_library}" DIRECTORY)
    target_link_options(LibTorch INTERFACE "LINKER:-rpath,${_folder}")
  endforeach()
endif()
