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

// The parent's end. Use it from one thread; the child is killed when this thread ends.
class ChildProcess {
 public:
  enum class Answer { kMessage, kSilence, kGone };

  // Starts command[0] with the rest as its arguments. Its standard output goes where our standard
  // error goes. Throws an environment error if it cannot be started.
  explicit ChildProcess(const std::vector<std::string>& command);
  ~ChildProcess();  // kills it
  ChildProcess(const ChildProcess&) = delete;
  ChildProcess& operator=(const ChildProcess&) = delete;

  // Sends at most kMaxMessage_bytes. Returns false if the child has ended.
  bool Send(std::string_view message);
  // Waits at most `timeout_s` seconds for the child's next message.
  Answer Receive(double timeout_s, std::string* message);
  // Kills the child if it still runs. Returns how it ended: "exit status 1", "signal 11,
  // Segmentation fault"; "an unknown end" if this process ignores SIGCHLD (RunTool sees to it that
  // none does).
  std::string End();

 private:
  int pid_ = -1;
  int socket_ = -1;
};

// The child's end. Call this first in a child. From then on the child ends when the parent ends,
// leaves signals of the terminal and the scheduler to the parent, and dumps no core.
void BecomeChild();
// Makes allocations fail from now on beyond so much memory (address space); 0: no limit. It has no
// effect under sanitizers, which need more than any limit.
void LimitMemory(int megabytes);
// Waits for the next message. Returns nothing if the parent has ended or has closed its end.
std::optional<std::string> ReceiveFromParent();
// Sends a message. Ends this process if the parent has ended.
void SendToParent(std::string_view message);

}  // namespace reel3d
