# Defines what `cmake --install build` copies: tools, recipes, man pages and completions of bash and zsh.
#
# The installed tools need the LibTorch that they were linked with, in the same place. Man pages and
# completions are made from the tools' --help during installation. So they match the tools, and a build
# takes no time for them.
include(GNUInstallDirs)
get_property(tools DIRECTORY "${CMAKE_SOURCE_DIR}/tools" PROPERTY BUILDSYSTEM_TARGETS)
foreach(tool ${tools})
  # Tools are installed as files: in targets CMake would change the paths of libraries.
  install(PROGRAMS "$<TARGET_FILE:${tool}>" DESTINATION "${CMAKE_INSTALL_BINDIR}")
endforeach()
install(DIRECTORY "${CMAKE_SOURCE_DIR}/configs/recipes"
        DESTINATION "${CMAKE_INSTALL_DATADIR}/reel3d/configs")
install(CODE "execute_process(
  COMMAND python3 \"${CMAKE_SOURCE_DIR}/docs/reference/make_reference.py\" install
          \"${CMAKE_RUNTIME_OUTPUT_DIRECTORY}\" \"${CMAKE_BINARY_DIR}/manual\"
  COMMAND_ERROR_IS_FATAL ANY)")
install(DIRECTORY "${CMAKE_BINARY_DIR}/manual/" DESTINATION "${CMAKE_INSTALL_DATADIR}")
