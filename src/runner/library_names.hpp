// Names of the shared libraries that the zygote has loaded. Private to this folder.
#pragma once

namespace cellblock::runner {

// In the zygote, once all modules are imported: makes the loader know each library by its real path too.
//
// The loader takes a library for loaded when it knows the name, or when the file is the same inode. A cell's
// file tree has inodes of its own, so only names count there: under one that the loader has not heard, the
// library would be loaded a second time, with state of its own, or not be found by those who ask for what is
// loaded (threadpoolctl).
void learn_library_names();

}  // namespace cellblock::runner
