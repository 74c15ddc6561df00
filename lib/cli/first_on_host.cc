// SPDX-License-Identifier: Apache-2.0
#include "lib/cli/first_on_host.h"

#include <fmt/format.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <cstddef>
#include <functional>

#include "lib/base/process_state.h"

namespace reel3d {

// The kernel gives an abstract socket name to one process, and takes it back however that ends.
FirstOnHost::FirstOnHost(const std::string& words)
    : socket_(socket(AF_UNIX, SOCK_DGRAM | SOCK_CLOEXEC, 0)) {
  // Containers may share these names although each has its own process numbers.
  const std::string name = fmt::format("reel3d-{}-{}-{:x}", getuid(), getppid(),
                                       std::hash<std::string>()(ProcessSpace() + words));
  sockaddr_un address{};
  address.sun_family = AF_UNIX;
  std::copy(name.begin(), name.end(), address.sun_path + 1);
  const auto size = static_cast<socklen_t>(offsetof(sockaddr_un, sun_path) + 1 + name.size());
  is_first_ =
      bind(socket_, reinterpret_cast<const sockaddr*>(&address), size) == 0 || errno != EADDRINUSE;
}

FirstOnHost::~FirstOnHost() {
  if (socket_ >= 0) {
    close(socket_);
  }
}

}  // namespace reel3d
