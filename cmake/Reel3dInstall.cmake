# Defines what `cmake --install build` copies: tools, recipes, man pages and completions of bash and zsh.
#
# The installed tools need the LibTorch that they were linked with, where it was. Man pages and
# completions are made from the --help of the tools at that moment: so they fit them, and a build
# does not pay for them.
include(GNUInstallDirs)
get_property(tools DIRECTORY "${CMAKE_SOURCE_DIR}/tools" PROPERTY BUILDSYSTEM_TARGETS)
foreach(tool ${tools})
  # As files, since CMake would change the paths of libraries in targets, and those must stay.
  install(PROGRAMS "$<TARGET_FILE:${tool}>" DESTINATION "${CMAKE_INSTALL_BINDIR}")
endforeach()
install(DIRECTORY "${CMAKE_SOURCE_DIR}/configs/recipes"
        DESTINATION "${CMAKE_INSTALL_DATADIR}/reel3d/configs")
install(CODE "execute_process(
  COMMAND python3 \"${CMAKE_SOURCE_DIR}/docs/reference/make_reference.py\" install
          \"${CMAKE_RUNTIME_OUTPUT_DIRECTORY}\" \"${CMAKE_BINARY_DIR}/manual\"
  COMMAND_ERROR_IS_FATAL ANY)")
install(DIRECTORY "${CMAKE_BINARY_DIR}/manual/" DESTINATION "${CMAKE_INSTALL_DATADIR}")
