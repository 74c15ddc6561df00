// A process of our own that works apart, so that its crash, hang or hunger for memory is not ours.
// Both ends speak in messages of any bytes over one socket, which is the child's standard input.
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstddef>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace reel3d {

constexpr size_t kMaxMessage_bytes = 65536;

// The parent's end. One thread; the child is killed when this thread ends.
class ChildProcess {
 public:
  enum class Answer { kMessage, kSilence, kGone };

  // Starts command[0] with the rest as its arguments. Its standard output goes where our standard
  // error goes. Throws an environment error if it cannot be started.
  explicit ChildProcess(const std::vector<std::string>& command);
  ~ChildProcess();  // kills it
  ChildProcess(const ChildProcess&) = delete;
  ChildProcess& operator=(const ChildProcess&) = delete;

  // At most kMaxMessage_bytes. False if the child has gone.
  bool Send(std::string_view message);
  // Waits at most `timeout_s` seconds for the child's next message.
  Answer Receive(double timeout_s, std::string* message);
  // Kills it where it still runs. Says how it ended: "exit status 1", "signal 11, Segmentation
  // fault"; "an unknown end" where this process ignores SIGCHLD (RunTool sees that none does).
  std::string End();

 private:
  int pid_ = -1;
  int socket_ = -1;
};

// The child's end. What a child does first: it ends when the parent does, whatever it is busy with;
// leaves signals of the terminal and the scheduler to the parent; dumps no core.
void BecomeChild();
// Memory (address space) beyond which allocations fail from now on; 0: no limit. Without effect
// under sanitizers, which need more than any limit.
void LimitMemory(int megabytes);
// Nothing when the parent has gone or has closed its end.
std::optional<std::string> ReceiveFromParent();
// Ends this process if the parent has gone.
void SendToParent(std::string_view message);

}  // namespace reel3d
