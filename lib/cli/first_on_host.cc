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

namespace {

struct Address {
  sockaddr_un address{};
  socklen_t size = 0;
};

// The kernel gives an abstract socket name to one process, and takes it back however that ends.
Address AddressFor(const std::string& words) {
  // Containers may share these names although each has its own process numbers.
  const std::string name = fmt::format("reel3d-{}-{}-{:x}", getuid(), getppid(),
                                       std::hash<std::string>()(ProcessSpace() + words));
  Address found;
  found.address.sun_family = AF_UNIX;
  std::copy(name.begin(), name.end(), found.address.sun_path + 1);
  found.size = static_cast<socklen_t>(offsetof(sockaddr_un, sun_path) + 1 + name.size());
  return found;
}

int NewSocket() { return socket(AF_UNIX, SOCK_DGRAM | SOCK_CLOEXEC, 0); }

}  // namespace

FirstOnHost::FirstOnHost(const std::string& words) : socket_(NewSocket()) {
  const Address name = AddressFor(words);
  is_first_ = bind(socket_, reinterpret_cast<const sockaddr*>(&name.address), name.size) == 0 ||
              errno != EADDRINUSE;
}

bool FirstOnHost::HasAny(const std::string& words) {
  const int caller = NewSocket();
  const Address name = AddressFor(words);
  const bool is_there =
      connect(caller, reinterpret_cast<const sockaddr*>(&name.address), name.size) == 0;
  if (caller >= 0) {
    close(caller);
  }
  return is_there;
}

FirstOnHost::~FirstOnHost() {
  if (socket_ >= 0) {
    close(socket_);
  }
}

}  // namespace reel3d
