// Takes the free memory between what is in use, and never gives it back: what is allocated from then on lies
// side by side in fresh pages, instead of in the holes of many old ones. The pages are there already, so that
// it costs nothing.
#pragma once

namespace cellblock::heap {

// Of CPython's small objects. Its lock must be held, and pymalloc must be its allocator.
void fill_pymalloc_holes();

// Of malloc's main arena, up to a few kilobytes each.
void fill_libc_holes();

}  // namespace cellblock::heap
