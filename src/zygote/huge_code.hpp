// The interpreter's code in huge pages.
#pragma once

namespace cellblock::zygote {

// A fork does not copy the mapping of code: each cell maps anew what it runs, 64 KB with each page fault, and
// its exit takes that down page by page. From huge pages it is one fault for two megabytes. Does what the
// host allows; without huge pages cells cost some 60 page faults more. For a program whose segments begin at
// borders of huge pages.
void use_huge_pages_for_code();

}  // namespace cellblock::zygote
