// SPDX-License-Identifier: Apache-2.0
#include "lib/model/pickle.h"

#include <fmt/format.h>

#include <charconv>
#include <unordered_map>
#include <utility>

#include "lib/base/error.h"
#include "lib/model/byte_cursor.h"
#include "lib/model/plain_name.h"

namespace reel3d {
namespace {

using Kind = PickleValue::Kind;

constexpr size_t kMaxValues = 400'000;
constexpr size_t kMaxItems = 2'000'000;  // of all lists, dicts and tuples together

class Unpickler {
 public:
  Unpickler(std::string_view bytes, const PickleRoles& roles, const std::string& source)
      : bytes_(bytes.substr(0, kMaxPickleBytes), source, "pickle"), roles_(roles) {}

  Pickle Run() {
    while (!stopped_) {
      Step(static_cast<unsigned char>(bytes_.Take(1).front()));
    }
    pickle_.root = Pop();
    pickle_.size_bytes = bytes_.position();
    return std::move(pickle_);
  }

 private:
  Error Malformed(const std::string& why) const { return bytes_.Malformed(why); }

  PickleValue& Push(Kind kind) {
    if (pickle_.values.size() >= kMaxValues) {
      throw Malformed("it holds more values than any weights");
    }
    stack_.push_back(static_cast<PickleId>(pickle_.values.size()));
    pickle_.values.emplace_back();
    pickle_.values.back().kind = kind;
    return pickle_.values.back();
  }
  void PushInteger(int64_t integer, Kind kind = Kind::kInteger) { Push(kind).integer = integer; }
  void PushText(std::string_view text) { Push(Kind::kText).text = text; }
  // The sum of all is bounded also where few bytes repeat a long one. By value: a view of another
  // value's text would not last.
  void PushNamed(Kind kind, std::string name) {
    num_name_bytes_ += name.size();
    if (num_name_bytes_ > kMaxPickleBytes) {
      throw Malformed("it names more than any weights");
    }
    Push(kind).text = std::move(name);
  }

  // Values from before the newest mark are not to be had.
  PickleId Pop() {
    if (stack_.size() <= (marks_.empty() ? 0 : marks_.back())) {
      throw Malformed("it takes a value that is not there");
    }
    const PickleId id = stack_.back();
    stack_.pop_back();
    return id;
  }
  PickleId Top() {
    const PickleId id = Pop();
    stack_.push_back(id);
    return id;
  }
  void Mark() {
    marks_.push_back(stack_.size());
    if (marks_.size() > kMaxValues) {
      throw Malformed("it nests deeper than any weights");
    }
  }
  std::vector<PickleId> PopToMark() {
    if (marks_.empty()) {
      throw Malformed("it takes a mark that is not there");
    }
    const auto first = stack_.begin() + static_cast<ptrdiff_t>(marks_.back());
    std::vector<PickleId> items(first, stack_.end());
    stack_.erase(first, stack_.end());
    marks_.pop_back();
    return items;
  }

  // Appends the items to those of `id`. The sum of all is bounded also where few bytes name a long
  // list again and again. By value: a reference into pickle_.values would not last.
  void AddItems(PickleId id, std::vector<PickleId> items) {
    num_items_ += items.size();
    if (num_items_ > kMaxItems) {
      throw Malformed("it holds more values than any weights");
    }
    std::vector<PickleId>& all = pickle_.values[id].items;
    all.insert(all.end(), items.begin(), items.end());
  }
  void PushWith(Kind kind, std::vector<PickleId> items) {
    Push(kind);
    AddItems(stack_.back(), std::move(items));
  }

  void Require(PickleId id, Kind kind, const char* what) const {
    if (pickle_.values[id].kind != kind) {
      throw Malformed(what);
    }
  }

  void PushLong(size_t size_bytes) {
    if (size_bytes > 8) {
      const std::string_view digits = bytes_.Take(size_bytes);
      Push(Kind::kInteger).text = digits;
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

  void PushTuple(size_t size) {
    std::vector<PickleId> items(size);
    for (size_t i = size; i > 0; --i) {
      items[i - 1] = Pop();
    }
    PushWith(Kind::kSequence, items);
  }

  void PushGlobal(std::string_view module, std::string_view name) {
    const std::string full = fmt::format("{}.{}", module, name);
    if (!IsPlainName(full)) {
      throw Malformed("a name is longer than those of Python, or holds other characters");
    }
    PushNamed(roles_(full) == PickleRole::kUnknown ? Kind::kOpaque : Kind::kGlobal, full);
  }
  // What protocol 4 has opcodes for and weights have no use of.
  void PushOpaque(const char* name) { PushNamed(Kind::kOpaque, name); }
  bool IsOpaque(PickleId id) const { return pickle_.At(id).kind == Kind::kOpaque; }

  // Python would call the function on the stack with the arguments above it.
  void Call() {
    const PickleId arguments = Pop();
    const PickleId function = Pop();
    if (IsOpaque(function)) {
      stack_.push_back(function);  // no new value, however often it is called
      return;
    }
    Require(function, Kind::kGlobal, "it calls what is no function");
    Require(arguments, Kind::kSequence, "arguments are no tuple");
    const std::string name = pickle_.At(function).text;
    switch (roles_(name)) {
      case PickleRole::kDict:
        PushDict(pickle_.At(arguments).items);
        return;
      case PickleRole::kSequence:
        if (pickle_.At(arguments).items.size() != 1) {
          throw Malformed(name + " wants one argument");
        }
        stack_.push_back(pickle_.At(arguments).items[0]);
        return;
      case PickleRole::kFunction:
        PushNamed(Kind::kCall, name);
        AddItems(stack_.back(), pickle_.At(arguments).items);
        return;
      case PickleRole::kClass:
        PushNamed(Kind::kObject, name);
        return;
      default:
        throw Malformed("it calls " + name);
    }
  }

  // OrderedDict() and Counter({...}) of Python 3, OrderedDict([[key, value], ...]) of Python 2.
  void PushDict(std::vector<PickleId> arguments) {
    if (arguments.size() > 1) {
      throw Malformed("a dict has too many arguments");
    }
    const PickleId source = arguments.empty() ? 0 : arguments[0];
    if (!arguments.empty() && (pickle_.At(source).kind == Kind::kDict || IsOpaque(source))) {
      stack_.push_back(source);
      return;
    }
    PushWith(Kind::kDict, {});
    const PickleId dict = stack_.back();
    if (arguments.empty()) {
      return;
    }
    Require(source, Kind::kSequence, "a dict is made of something else");
    for (const PickleId pair : pickle_.At(source).items) {
      Require(pair, Kind::kSequence, "a dict is made of something else");
      if (pickle_.At(pair).items.size() != 2) {  // none would cost time that nothing counts
        throw Malformed("a dict is made of what are no pairs");
      }
      SetItems(dict, pickle_.At(pair).items);
    }
  }

  void SetItems(PickleId dict, std::vector<PickleId> items) {
    if (IsOpaque(dict)) {
      return;
    }
    Require(dict, Kind::kDict, "it sets items of what is no dict");
    if (items.size() % 2 != 0) {
      throw Malformed("a key has no value");
    }
    AddItems(dict, std::move(items));
  }

  void Append(PickleId list, std::vector<PickleId> items) {
    if (IsOpaque(list)) {
      return;
    }
    Require(list, Kind::kSequence, "it appends to what is no list");
    AddItems(list, std::move(items));
  }

  // What is stored outside of the pickle. A class or a type of storage that is unknown stays so.
  void PushPersistent() {
    const PickleId description = Pop();
    const PickleValue& tuple = pickle_.At(description);
    if (tuple.kind == Kind::kSequence && tuple.items.size() > 1 && IsOpaque(tuple.items[1])) {
      stack_.push_back(tuple.items[1]);
      return;
    }
    PushWith(Kind::kPersistent, {description});
  }

  // An instance of a class of Python 2, which none of the known names is.
  void RequireInstance() {
    if (!IsOpaque(Top())) {
      throw Malformed("it makes an instance of what is no class");
    }
  }

  // Attributes. Those of a dict (a state_dict's _metadata) are of no use here.
  void Build() {
    const PickleId state = Pop();
    const PickleId target = Top();
    if (pickle_.At(target).kind == Kind::kDict || IsOpaque(target)) {
      return;
    }
    Require(target, Kind::kObject, "it sets attributes of what has none");
    Require(state, Kind::kDict, "attributes are no dict");
    AddItems(target, pickle_.At(state).items);
  }

  void Remember(uint64_t place) {
    memo_[place] = Top();
    if (memo_.size() > kMaxValues) {
      throw Malformed("it remembers more values than any weights hold");
    }
  }
  void Recall(uint64_t place) {
    const auto found = memo_.find(place);
    if (found == memo_.end()) {
      throw Malformed("it recalls what it has not remembered");
    }
    stack_.push_back(found->second);
  }

  void Step(unsigned char opcode) {
    if (!StepPlain(opcode) && !StepContainer(opcode) && !StepObject(opcode)) {
      throw Malformed(fmt::format("opcode {:#04x} is none that weights need", opcode));
    }
  }

  // Opcodes as Python's pickletools.py explains them. These push a plain value; false if `opcode`
  // is none of them.
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
      case 'I':  // INT: what four bytes do not hold in Python 2
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

  // These put values together, or into other places.
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
        Remember(memo_.size());
        return true;
      case 'h':  // BINGET
      case 'j':  // LONG_BINGET
        Recall(bytes_.Number(opcode == 'h' ? 1 : 4));
        return true;
      default:
        return false;
    }
  }

  // Names of Python and what they would make; the others.
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
        PushGlobal(pickle_.At(module).text, pickle_.At(name).text);
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
        stack_.insert(stack_.end(), items.begin(), items.begin() + (items.empty() ? 0 : 1));
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
        PushOpaque("builtins.set");
        return true;
      case 0x90:  // ADDITEMS
        PopToMark();
        RequireInstance();
        return true;
      case 0x91:  // FROZENSET
        PopToMark();
        PushOpaque("builtins.frozenset");
        return true;
      case 'b':  // BUILD
        Build();
        return true;
      default:
        return false;
    }
  }

  ByteCursor bytes_;
  const PickleRoles& roles_;
  bool stopped_ = false;
  Pickle pickle_;
  std::vector<PickleId> stack_;
  std::vector<size_t> marks_;
  std::unordered_map<uint64_t, PickleId> memo_;
  size_t num_items_ = 0, num_name_bytes_ = 0;
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
  return Unpickler(bytes, roles, source).Run();
}

}  // namespace reel3d
