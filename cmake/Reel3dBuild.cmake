# Sets how reel3d is compiled, and defines the four helpers that declare all its parts.
#
#   reel3d_library(NAME data SOURCES a.cc b.cc LINKS reel3d_base)           -> reel3d_data
#   reel3d_tool(prep-videos LINKS reel3d_pipeline_prep)                     -> bin/prep-videos
#   reel3d_test(NAME data/manifest_test SOURCES manifest_test.cc LINKS ...) -> ctest data/manifest_test
#   reel3d_fuzzer(tables INPUTS 2000 LINKS reel3d_data)                     -> ctest fuzz/tables
#
# TORCH on a library or test, or reel3d_use_torch(tool): its sources include torch and share one precompiled torch
# header.

set(CMAKE_CXX_STANDARD 17)
set(CMAKE_CXX_STANDARD_REQUIRED ON)
set(CMAKE_CXX_EXTENSIONS OFF)
set(CMAKE_EXPORT_COMPILE_COMMANDS ON)
set(CMAKE_RUNTIME_OUTPUT_DIRECTORY "${CMAKE_BINARY_DIR}/bin")
if(NOT CMAKE_BUILD_TYPE)
  set(CMAKE_BUILD_TYPE Release)
endif()
# Checks stay on in release builds; they cost nothing that a benchmark shows.
string(REPLACE "-DNDEBUG" "" CMAKE_CXX_FLAGS_RELEASE "${CMAKE_CXX_FLAGS_RELEASE}")
# GCC 12 warns of overflows in fmt that do not exist (stringop-overflow). clang warns of fields that are
# not initialised, although they have default values.
add_compile_options(-Wall -Wextra -Wpedantic -Werror
                    $<$<CXX_COMPILER_ID:GNU>:-Wno-stringop-overflow>
                    $<$<CXX_COMPILER_ID:Clang>:-Wno-missing-field-initializers>)
# Messages name our files without the folder they were built in.
add_compile_options("-fmacro-prefix-map=${CMAKE_SOURCE_DIR}/=")
# g++ takes a precompiled header only for code with the same choice, and some libraries ask for it.
add_compile_options(-pthread)
include_directories("${CMAKE_SOURCE_DIR}")
# gold is part of binutils. It links a program with LibTorch in a quarter of the time of ld.
include(CheckLinkerFlag)
check_linker_flag(CXX -fuse-ld=gold REEL3D_HAS_GOLD)
if(REEL3D_HAS_GOLD)
  add_link_options(-fuse-ld=gold)
endif()
if(REEL3D_FUZZ)
  # All code is instrumented, so that libFuzzer sees which inputs lead to new code.
  set(REEL3D_SANITIZE "fuzzer-no-link,address,undefined")
  add_compile_definitions(__SANITIZE_ADDRESS__)  # g++ defines it by itself, clang does not
endif()
if(REEL3D_SANITIZE)
  # Undefined behaviour ends a test. By default it would only be reported.
  add_compile_options(-fsanitize=${REEL3D_SANITIZE} -fno-sanitize-recover=all
                      -fno-omit-frame-pointer -g1)
  add_link_options(-fsanitize=${REEL3D_SANITIZE})
endif()
# HDF5 leaks memory each time that it refuses a file, or that a write to the disk fails.
set(REEL3D_SANITIZER_ENVIRONMENT
    "LSAN_OPTIONS=suppressions=${CMAKE_SOURCE_DIR}/tests/leaks.supp:print_suppressions=0")

# reel3d_precompiled_header(std_header <string> <vector>) defines reel3d_std_header, whose header others take with
# REUSE_FROM.
function(reel3d_precompiled_header name)
  file(CONFIGURE OUTPUT "${CMAKE_CURRENT_BINARY_DIR}/${name}.cc" CONTENT "")
  add_library(reel3d_${name} STATIC EXCLUDE_FROM_ALL "${CMAKE_CURRENT_BINARY_DIR}/${name}.cc")
  target_precompile_headers(reel3d_${name} PRIVATE ${ARGN})
endfunction()

function(reel3d_use_torch target)
  target_link_libraries(${target} PUBLIC LibTorch)
  # torch's headers carry a newer fmt than Debian's; header-only keeps the two apart.
  target_compile_definitions(${target} PRIVATE FMT_HEADER_ONLY=1)
  target_precompile_headers(${target} REUSE_FROM reel3d_torch_header)
endfunction()

# Most of a source's time goes into the headers and templates that its neighbours use too, so several
# sources are compiled as one. CMake leaves out sources that have options or definitions of their own.
function(reel3d_compile_together target)
  set_target_properties(${target} PROPERTIES UNITY_BUILD ON UNITY_BUILD_BATCH_SIZE ${REEL3D_UNITY_SOURCES})
  # g++ warns of a member whose type is in an unnamed namespace, unless it is in the file that the
  # command names. Here that file only includes the sources.
  target_compile_options(${target} PRIVATE $<$<CXX_COMPILER_ID:GNU>:-Wno-subobject-linkage>)
  # A source that Highway compiles for several processors includes itself: it must be a file of its own.
  get_target_property(sources ${target} SOURCES)
  foreach(source IN LISTS sources)
    file(STRINGS "${source}" highway_lines REGEX "hwy/foreach_target.h")
    if(highway_lines)
      set_source_files_properties(${source} PROPERTIES SKIP_UNITY_BUILD_INCLUSION ON)
    endif()
  endforeach()
endfunction()

function(reel3d_library)
  cmake_parse_arguments(LIB "TORCH" "NAME" "SOURCES;LINKS;PRIVATE_LINKS" ${ARGN})
  add_library(reel3d_${LIB_NAME} STATIC ${LIB_SOURCES})
  target_link_libraries(reel3d_${LIB_NAME} PUBLIC ${LIB_LINKS} PRIVATE ${LIB_PRIVATE_LINKS})
  if(LIB_TORCH)
    reel3d_use_torch(reel3d_${LIB_NAME})
  else()
    target_precompile_headers(reel3d_${LIB_NAME} REUSE_FROM reel3d_std_header)
  endif()
  if(REEL3D_UNITY)
    reel3d_compile_together(reel3d_${LIB_NAME})
  endif()
endfunction()

function(reel3d_tool name)
  cmake_parse_arguments(TOOL "" "" "LINKS" ${ARGN})
  string(REPLACE "-" "_" source ${name})
  add_executable(${name} ${source}.cc)
  target_link_libraries(${name} PRIVATE ${TOOL_LINKS} reel3d_cli)
endfunction()

# `tests` builds all tests, `tests-data` those of tests/data.
function(reel3d_add_to_tests name target)
  string(REGEX REPLACE "/.*" "" room ${name})
  if(NOT TARGET tests-${room})
    add_custom_target(tests-${room})
    add_dependencies(tests tests-${room})
  endif()
  add_dependencies(tests-${room} ${target})
  set_target_properties(${target} PROPERTIES
    RUNTIME_OUTPUT_DIRECTORY "${CMAKE_BINARY_DIR}/tests/bin")
endfunction()

# tests/durations.txt as a list of "seconds cores name".
file(STRINGS "${CMAKE_SOURCE_DIR}/tests/durations.txt" REEL3D_DURATIONS REGEX "^[0-9]")
set_property(DIRECTORY APPEND PROPERTY CMAKE_CONFIGURE_DEPENDS "${CMAKE_SOURCE_DIR}/tests/durations.txt")

# reel3d_schedule_test(NAME [CORES]) sets how ctest runs a test beside others. The timeout leaves time to a
# machine that is ten times slower. CORES: what the test keeps busy, if durations.txt does not say it.
function(reel3d_schedule_test name)
  set(seconds 0)
  set(choices 1 ${ARGN})
  list(GET choices -1 cores)
  foreach(line IN LISTS REEL3D_DURATIONS)
    if(line MATCHES "^([0-9]+) +([0-9]+) +(.*)$" AND CMAKE_MATCH_3 STREQUAL name)
      set(seconds ${CMAKE_MATCH_1})
      set(cores ${CMAKE_MATCH_2})
      set_property(GLOBAL APPEND PROPERTY REEL3D_TIMED_TESTS ${name})
    endif()
  endforeach()
  math(EXPR timeout "300 + 10 * ${seconds}")
  set_tests_properties(${name} PROPERTIES COST ${seconds} PROCESSORS ${cores} TIMEOUT ${timeout})
endfunction()

# A test's own code is compiled faster with -O1 than with -O3, and runs about as fast.
function(reel3d_compile_as_test target)
  target_compile_options(${target} PRIVATE $<$<CONFIG:Release>:-O1>)
endfunction()

# MPI_RANKS 1 2 4: runs the test under mpirun, once with each number of ranks.
function(reel3d_test)
  cmake_parse_arguments(TEST "TORCH" "NAME" "SOURCES;LINKS;MPI_RANKS;LABELS" ${ARGN})
  string(REPLACE "/" "_" target ${TEST_NAME})
  add_executable(${target} EXCLUDE_FROM_ALL ${TEST_SOURCES})
  reel3d_add_to_tests(${TEST_NAME} ${target})
  target_link_libraries(${target} PRIVATE ${TEST_LINKS} reel3d_test_main)
  reel3d_compile_as_test(${target})
  if(TEST_TORCH)
    reel3d_use_torch(${target})
  else()
    target_precompile_headers(${target} REUSE_FROM reel3d_test_header)
  endif()
  if(TEST_MPI_RANKS)
    foreach(ranks ${TEST_MPI_RANKS})
      add_test(NAME ${TEST_NAME}_${ranks}
               COMMAND ${MPIEXEC_EXECUTABLE} --oversubscribe -n ${ranks} $<TARGET_FILE:${target}>)
      set_tests_properties(${TEST_NAME}_${ranks} PROPERTIES
        ENVIRONMENT "${REEL3D_MPI_ENVIRONMENT}" LABELS "${TEST_LABELS}")
      reel3d_schedule_test(${TEST_NAME}_${ranks} ${ranks})
    endforeach()
  else()
    add_test(NAME ${TEST_NAME} COMMAND ${target})
    set_tests_properties(${TEST_NAME} PROPERTIES
      ENVIRONMENT "${REEL3D_MPI_ENVIRONMENT}" LABELS "${TEST_LABELS}")
    reel3d_schedule_test(${TEST_NAME})
  endif()
endfunction()

# Declares the fuzz target of NAME_fuzz.cc: an ordinary test, or in a build for fuzzing (REEL3D_FUZZ)
# the program NAME_fuzz. INPUTS: how many damaged inputs the test tries, for a few seconds. EXTRA: files
# or folders of more inputs, which may be absent.
function(reel3d_fuzzer name)
  cmake_parse_arguments(FUZZER "" "INPUTS" "LINKS;EXTRA" ${ARGN})
  set(target ${name}_fuzz)
  add_executable(${target} EXCLUDE_FROM_ALL ${name}_fuzz.cc)
  reel3d_add_to_tests(fuzz/${name} ${target})
  target_link_libraries(${target} PRIVATE ${FUZZER_LINKS} reel3d_fuzz_target reel3d_fuzz_main)
  if(REEL3D_FUZZ)
    target_link_options(${target} PRIVATE -fsanitize=fuzzer)
  else()
    add_test(NAME fuzz/${name}
             COMMAND ${target} ${FUZZER_INPUTS} "${CMAKE_CURRENT_SOURCE_DIR}/corpus/${name}"
                     ${FUZZER_EXTRA})
    set_tests_properties(fuzz/${name} PROPERTIES LABELS fuzz
      ENVIRONMENT "${REEL3D_SANITIZER_ENVIRONMENT}")
    reel3d_schedule_test(fuzz/${name})
  endif()
endfunction()

# Ranks share the cores of a test machine, and containers run as root.
set(REEL3D_MPI_ENVIRONMENT
    "OMPI_ALLOW_RUN_AS_ROOT=1;OMPI_ALLOW_RUN_AS_ROOT_CONFIRM=1;OMPI_MCA_mpi_yield_when_idle=1;OMPI_MCA_hwloc_base_binding_policy=none;OMP_NUM_THREADS=1;REEL3D_SHARED=${CMAKE_SOURCE_DIR}/../shared;REEL3D_BIN=${CMAKE_BINARY_DIR}/bin;REEL3D_SOURCE=${CMAKE_SOURCE_DIR};${REEL3D_SANITIZER_ENVIRONMENT}")
