#%Module1.0
# Module of Environment Modules. Add the folder modulefiles/ of the bundle to MODULEPATH: module use DIR/modulefiles
proc ModulesHelp {} {
    puts stderr "Turns videos into trained 3D ResNets and video-level scores. docs/index.md in the bundle is the manual."
    puts stderr "If an MPI is to be the site's (Open MPI 4 or 5), load its module, too. Otherwise the bundle has its own."
}
module-whatis "trains 3D ResNets on videos, and scores videos"
set top [file dirname [file dirname [file dirname [file normalize $ModulesCurrentModulefile]]]]
setenv REEL3D_HOME $top
prepend-path PATH $top/bin
