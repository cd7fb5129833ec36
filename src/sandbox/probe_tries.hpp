// The single tries of the host probe. Each runs in a child process and gives the errno that it met, 0 for
// success.
#pragma once

#include <cstdint>

namespace cellblock::sandbox {

int try_user_namespace();
int try_namespace(int flag);
// The host's own right to mount, without a user namespace, and to take on other ids.
int try_host_admin(std::uint32_t uid);
// The read-only tree, and on top of it a slot's tree with inodes of its own.
int try_tree();
int try_own_inodes();
int try_proc();
int try_seccomp();
int try_landlock();
int try_capabilities();
// Another uid that can't be left again.
int try_own_uid(std::uint32_t uid);

}  // namespace cellblock::sandbox
