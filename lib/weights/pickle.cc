// SPDX-License-Identifier: Apache-2.0
#include "lib/weights/pickle.h"

#include <fmt/format.h>

#include <charconv>
#include <utility>

#include "lib/base/error.h"
#include "lib/weights/byte_cursor.h"
#include "lib/weights/pickle_machine.h"
#include "lib/weights/plain_name.h"

namespace reel3d {
namespace {

using Kind = PickleValue::Kind;

class Unpickler : private PickleMachine {
 public:
  Unpickler(ByteCursor& bytes, const PickleRoles& roles)
      : PickleMachine(bytes, roles), bytes_(bytes) {}

  Pickle Run() {
    try {
      while (!stopped_) {
        Step(static_cast<unsigned char>(bytes_.Take(1).front()));
      }
      return Finish();
    } catch (const Error& error) {
      if (first_unknown().empty()) {
        throw;
      }
      throw InputError(fmt::format("{}; it names the Python object {}, and nothing of it was run",
                                   error.what(), first_unknown()));
    }
  }

 private:
  void PushLong(size_t size_bytes) {
    if (size_bytes > 8) {
      Push(Kind::kInteger).text = bytes_.Take(size_bytes);
      return;
    }
    uint64_t number = bytes_.Number(size_bytes);
    if (size_bytes > 0 && size_bytes < 8 && (number >> (8 * size_bytes - 1)) != 0) {
      number |= ~uint64_t{0} << (8 * size_bytes);  // the sign
    }
    PushInteger(static_cast<int64_t>(number));
  }

  void PushDecimal(std::string_view digits) {
    int64_t integer = 0;
    const auto [end, error] = std::from_chars(digits.begin(), digits.end(), integer);
    if (error != std::errc() || end != digits.end()) {
      throw Malformed("a number has other characters than digits");
    }
    PushInteger(integer);
  }

  void Step(unsigned char opcode) {
    if (!StepPlain(opcode) && !StepContainer(opcode) && !StepObject(opcode)) {
      throw Malformed(fmt::format("opcode {:#04x} is not needed for weights", opcode));
    }
  }

  // Executes an opcode that pushes a plain value; returns false for other opcodes. Python's
  // pickletools.py explains the opcodes.
  bool StepPlain(unsigned char opcode) {
    switch (opcode) {
      case 'N':  // NONE
        Push(Kind::kNone);
        return true;
      case 0x88:  // NEWTRUE
      case 0x89:  // NEWFALSE
        PushInteger(opcode == 0x88 ? 1 : 0, Kind::kBool);
        return true;
      case 'J':  // BININT
        PushInteger(static_cast<int32_t>(bytes_.Number(4)));
        return true;
      case 'K':  // BININT1
        PushInteger(static_cast<int64_t>(bytes_.Number(1)));
        return true;
      case 'M':  // BININT2
        PushInteger(static_cast<int64_t>(bytes_.Number(2)));
        return true;
      case 0x8a:  // LONG1
      case 0x8b:  // LONG4
        PushLong(bytes_.Number(opcode == 0x8a ? 1 : 4));
        return true;
      case 'I':  // INT: in Python 2, a number that does not fit into four bytes
        PushDecimal(bytes_.Line(kMaxNameBytes));
        return true;
      case 'G':  // BINFLOAT
        bytes_.Take(8);
        Push(Kind::kReal);
        return true;
      case 'X':  // BINUNICODE
      case 'T':  // BINSTRING
      case 'B':  // BINBYTES
        PushText(bytes_.Take(bytes_.Number(4)));
        return true;
      case 0x8d:  // BINUNICODE8
      case 0x8e:  // BINBYTES8
      case 0x96:  // BYTEARRAY8
        PushText(bytes_.Take(bytes_.Number(8)));
        return true;
      case 0x8c:  // SHORT_BINUNICODE
      case 'U':   // SHORT_BINSTRING
      case 'C':   // SHORT_BINBYTES
        PushText(bytes_.Take(bytes_.Number(1)));
        return true;
      case ']':  // EMPTY_LIST
      case ')':  // EMPTY_TUPLE
        Push(Kind::kSequence);
        return true;
      case '}':  // EMPTY_DICT
        Push(Kind::kDict);
        return true;
      default:
        return false;
    }
  }

  // Executes an opcode for containers, the stack or the memo; returns false for other opcodes.
  bool StepContainer(unsigned char opcode) {
    switch (opcode) {
      case 0x80:  // PROTO
        bytes_.Take(1);
        return true;
      case 0x95:  // FRAME
        bytes_.Take(8);
        return true;
      case '.':  // STOP
        stopped_ = true;
        return true;
      case '(':  // MARK
        Mark();
        return true;
      case '0':  // POP
        Pop();
        return true;
      case '1':  // POP_MARK
        PopToMark();
        return true;
      case 't':  // TUPLE
        PushWith(Kind::kSequence, PopToMark());
        return true;
      case 0x85:  // TUPLE1
      case 0x86:  // TUPLE2
      case 0x87:  // TUPLE3
        PushTuple(opcode - 0x84U);
        return true;
      case 'a':    // APPEND
      case 'e': {  // APPENDS
        const auto items = opcode == 'a' ? std::vector<PickleId>{Pop()} : PopToMark();
        Append(Top(), items);
        return true;
      }
      case 's': {  // SETITEM
        const PickleId value = Pop();
        const PickleId key = Pop();
        SetItems(Top(), {key, value});
        return true;
      }
      case 'u': {  // SETITEMS
        const std::vector<PickleId> items = PopToMark();
        SetItems(Top(), items);
        return true;
      }
      case 'q':  // BINPUT
      case 'r':  // LONG_BINPUT
        Remember(bytes_.Number(opcode == 'q' ? 1 : 4));
        return true;
      case 0x94:  // MEMOIZE
        Remember(num_remembered());
        return true;
      case 'h':  // BINGET
      case 'j':  // LONG_BINGET
        Recall(bytes_.Number(opcode == 'h' ? 1 : 4));
        return true;
      default:
        return false;
    }
  }

  // Executes an opcode that names, makes or fills a Python object; returns false for others.
  bool StepObject(unsigned char opcode) {
    switch (opcode) {
      case 'c': {  // GLOBAL
        const std::string_view module = bytes_.Line(kMaxNameBytes);
        PushGlobal(module, bytes_.Line(kMaxNameBytes));
        return true;
      }
      case 0x93: {  // STACK_GLOBAL
        const PickleId name = Pop();
        const PickleId module = Pop();
        Require(name, Kind::kText, "a name is no text");
        Require(module, Kind::kText, "a name is no text");
        PushGlobal(At(module).text, At(name).text);
        return true;
      }
      case 'Q':  // BINPERSID
        PushPersistent();
        return true;
      case 'R':   // REDUCE
      case 0x81:  // NEWOBJ
        Call();
        return true;
      case 0x92:  // NEWOBJ_EX
        Pop();    // arguments by name
        Call();
        return true;
      case 'o': {  // OBJ
        const std::vector<PickleId> items = PopToMark();
        if (!items.empty()) {
          PushAgain(items[0]);
        }
        RequireInstance();
        return true;
      }
      case 'i': {  // INST
        PopToMark();
        const std::string_view module = bytes_.Line(kMaxNameBytes);
        PushGlobal(module, bytes_.Line(kMaxNameBytes));
        RequireInstance();
        return true;
      }
      case 0x8f:  // EMPTY_SET
        PushNamed(Kind::kOpaque, "builtins.set");
        return true;
      case 0x90:  // ADDITEMS
        PopToMark();
        RequireInstance();
        return true;
      case 0x91:  // FROZENSET
        PopToMark();
        PushNamed(Kind::kOpaque, "builtins.frozenset");
        return true;
      case 'b':  // BUILD
        Build();
        return true;
      default:
        return false;
    }
  }

  ByteCursor& bytes_;
  bool stopped_ = false;
};

}  // namespace

const PickleValue* Pickle::Find(const PickleValue& dict, std::string_view key) const {
  const PickleValue* found = nullptr;
  if (dict.kind == Kind::kDict || dict.kind == Kind::kObject) {
    for (size_t i = 0; i + 1 < dict.items.size(); i += 2) {
      if (At(dict.items[i]).kind == Kind::kText && At(dict.items[i]).text == key) {
        found = &At(dict.items[i + 1]);
      }
    }
  }
  return found;
}

Pickle ReadPickle(std::string_view bytes, const PickleRoles& roles, const std::string& source) {
  ByteCursor cursor(bytes.substr(0, kMaxPickleBytes), source, "pickle");
  return Unpickler(cursor, roles).Run();
}

}  // namespace reel3d
