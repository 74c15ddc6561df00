// Runs work in a child process, so that a crash, a hang or a lack of memory there does not harm the
// parent. Both ends exchange messages of any bytes over one socket, the child's standard input.
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstddef>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace reel3d {

constexpr size_t kMaxMessage_bytes = 65536;

// Says how a child process has ended.
struct ChildEnd {
  std::string words;  // such as "exit status 1" or "signal 11, Segmentation fault"
  int signal = 0;     // that has ended it; 0: none, or it is not known
};

// The parent's end. Use it from one thread. The child is killed when the thread that started it
// ends.
class ChildProcess {
 public:
  enum class Answer { kMessage, kSilence, kGone };

  // Starts `command[0]` with the other elements as its arguments. The child's standard output goes
  // to this process's standard error. Throws an environment error if the child cannot be started.
  explicit ChildProcess(const std::vector<std::string>& command);
  ~ChildProcess();  // kills the child
  ChildProcess(const ChildProcess&) = delete;
  ChildProcess& operator=(const ChildProcess&) = delete;

  // Sends at most kMaxMessage_bytes. Returns false if the child has ended.
  bool Send(std::string_view message);
  // Waits at most `timeout_s` seconds for the child's next message. Returns kMessage with it,
  // kSilence if none came, or kGone if the child has closed its end.
  Answer Receive(double timeout_s, std::string* message);
  // Kills the child if it still runs. Returns how it ended: "an unknown end" if this process
  // ignores SIGCHLD, which RunTool() prevents.
  ChildEnd End();

 private:
  int pid_ = -1;
  int socket_ = -1;
};

// The child's end. Call this first in a child. From then on the child ends when the parent ends,
// ignores signals of the terminal and the scheduler, which the parent handles, and dumps no core.
void BecomeChild();
// Makes allocations fail beyond `megabytes` MiB of address space; 0: no limit. It has no effect
// under sanitizers, which need far more address space.
void LimitMemory(int megabytes);
// Waits for the next message. Returns nothing if the parent has ended or has closed its end.
std::optional<std::string> ReceiveFromParent();
// Sends a message. Ends this process if the parent has ended.
void SendToParent(std::string_view message);

}  // namespace reel3d
