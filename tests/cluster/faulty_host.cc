// Makes a host faulty for check-cluster: LD_PRELOAD puts these functions before those of the
// libraries. A variable of the environment plants each fault; without variables nothing changes.
// SPDX-License-Identifier: Apache-2.0
#include <dlfcn.h>
#include <unistd.h>

#include <cstdint>
#include <cstdio>
#include <cstdlib>
#include <ctime>

namespace {

template <class Function>
Function* Real(const char* name) {
  return reinterpret_cast<Function*>(dlsym(RTLD_NEXT, name));
}

double Planted(const char* variable) {
  const char* text = std::getenv(variable);
  return text == nullptr ? 0 : std::atof(text);
}

}  // namespace

extern "C" {

// FAULTY_CLOCK_S: the clock is behind by this many seconds.
int clock_gettime(clockid_t clock, timespec* now) noexcept {
  static auto* const kReal = Real<int(clockid_t, timespec*)>("clock_gettime");
  const int status = kReal(clock, now);
  if (clock == CLOCK_REALTIME) {
    now->tv_sec -= static_cast<time_t>(Planted("FAULTY_CLOCK_S"));
  }
  return status;
}

// FAULTY_DISK_S: the disk takes this many more seconds to sync.
int fsync(int descriptor) {
  static auto* const kReal = Real<int(int)>("fsync");
  usleep(static_cast<useconds_t>(1e6 * Planted("FAULTY_DISK_S")));
  return kReal(descriptor);
}

// FAULTY_STEP: a bit of the gradients is flipped. Their checksum is the only one that continues an
// earlier one.
uint32_t libdeflate_crc32(uint32_t crc, const void* bytes, size_t size_bytes) {
  static auto* const kReal = Real<uint32_t(uint32_t, const void*, size_t)>("libdeflate_crc32");
  const uint32_t checksum = kReal(crc, bytes, size_bytes);
  return crc != 0 && Planted("FAULTY_STEP") != 0 ? checksum ^ 1U : checksum;
}

// FAULTY_LIBRARY: the MPI library is another one.
int MPI_Get_library_version(char* text, int* length) {
  static auto* const kReal = Real<int(char*, int*)>("MPI_Get_library_version");
  if (Planted("FAULTY_LIBRARY") == 0) {
    return kReal(text, length);
  }
  *length = std::snprintf(text, 32, "Open MPI v9.9.9, package: none");
  return 0;
}

}  // extern "C"
