-- Module of Lmod. Add the folder modulefiles/ of the bundle to MODULEPATH: module use DIR/modulefiles
help([[Turns videos into trained 3D ResNets and video-level scores. docs/index.md in the bundle is the manual.
If an MPI is to be the site's (Open MPI 4 or 5), load its module, too. Otherwise the bundle has its own.]])
whatis("Name: reel3d")
whatis("Description: trains 3D ResNets on videos, and scores videos")
local top = myFileName():match("^(.*)/modulefiles/")
setenv("REEL3D_HOME", top)
prepend_path("PATH", pathJoin(top, "bin"))
