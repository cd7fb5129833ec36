#include "sandbox/bpf_for_test.hpp"

#include <cerrno>
#include <cstring>
#include <stdexcept>

namespace cellblock::sandbox::for_test {
namespace {

[[noreturn]] void refuse(const char* why, std::size_t at) {
  throw std::runtime_error(std::string(why) + " at instruction " + std::to_string(at));
}

struct Machine {
  std::uint32_t a = 0;
  std::uint32_t x = 0;
  std::array<std::uint32_t, BPF_MEMWORDS> memory = {};
};

std::uint32_t read_word(const seccomp_data& call, std::uint32_t offset, std::size_t at) {
  std::uint32_t word = 0;
  if (offset % sizeof(word) != 0 || offset > sizeof(call) - sizeof(word)) refuse("read out of bounds", at);
  std::array<char, sizeof(call)> bytes;  // NOLINT(cppcoreguidelines-pro-type-member-init): filled below
  std::memcpy(bytes.data(), &call, sizeof(call));
  std::memcpy(&word, bytes.data() + offset, sizeof(word));
  return word;
}

std::uint32_t& cell_of(Machine& machine, std::uint32_t index, std::size_t at) {
  if (index >= machine.memory.size()) refuse("memory out of bounds", at);
  return machine.memory[index];
}

std::uint32_t loaded(Machine& machine, const sock_filter& step, const seccomp_data& call, std::size_t at) {
  if (BPF_SIZE(step.code) != BPF_W) refuse("load that is no word", at);
  switch (BPF_MODE(step.code)) {
    case BPF_ABS:
      if (BPF_CLASS(step.code) == BPF_LDX) refuse("unknown load", at);
      return read_word(call, step.k, at);
    case BPF_LEN:
      return sizeof(call);
    case BPF_IMM:
      return step.k;
    case BPF_MEM:
      return cell_of(machine, step.k, at);
    default:
      refuse("unknown load", at);
  }
}

std::uint32_t computed(const Machine& machine, const sock_filter& step, std::size_t at) {
  const std::uint32_t operand = BPF_SRC(step.code) == BPF_X ? machine.x : step.k;
  switch (BPF_OP(step.code)) {
    case BPF_ADD:
      return machine.a + operand;
    case BPF_SUB:
      return machine.a - operand;
    case BPF_MUL:
      return machine.a * operand;
    case BPF_AND:
      return machine.a & operand;
    case BPF_OR:
      return machine.a | operand;
    case BPF_XOR:
      return machine.a ^ operand;
    case BPF_NEG:
      return 0U - machine.a;
    case BPF_DIV:
      if (operand == 0) refuse("division by zero", at);
      return machine.a / operand;
    case BPF_LSH:
    case BPF_RSH:
      if (operand > 31) refuse("shift out of bounds", at);
      return BPF_OP(step.code) == BPF_LSH ? machine.a << operand : machine.a >> operand;
    default:
      refuse("unknown arithmetic", at);
  }
}

// How many instructions the jump skips.
std::uint32_t skipped(const Machine& machine, const sock_filter& step, std::size_t at) {
  const std::uint32_t operand = BPF_SRC(step.code) == BPF_X ? machine.x : step.k;
  const auto branch = [&](bool taken) { return std::uint32_t{taken ? step.jt : step.jf}; };
  switch (BPF_OP(step.code)) {
    case BPF_JA:
      return step.k;
    case BPF_JEQ:
      return branch(machine.a == operand);
    case BPF_JGT:
      return branch(machine.a > operand);
    case BPF_JGE:
      return branch(machine.a >= operand);
    case BPF_JSET:
      return branch((machine.a & operand) != 0);
    default:
      refuse("unknown jump", at);
  }
}

}  // namespace

seccomp_data system_call(std::uint32_t architecture, std::uint32_t number, const Arguments& arguments) {
  seccomp_data call = {};
  call.nr = static_cast<int>(number);
  call.arch = architecture;
  call.instruction_pointer = 0x7f00'0000'1000;
  std::memcpy(call.args, arguments.data(), sizeof(call.args));
  return call;
}

std::uint32_t run_filter(std::span<const sock_filter> program, const seccomp_data& call) {
  Machine machine;
  // Jumps only go forward, so the program ends.
  for (std::size_t at = 0; at < program.size(); ++at) {
    const sock_filter& step = program[at];
    switch (BPF_CLASS(step.code)) {
      case BPF_LD:
        machine.a = loaded(machine, step, call, at);
        break;
      case BPF_LDX:
        machine.x = loaded(machine, step, call, at);
        break;
      case BPF_ST:
        cell_of(machine, step.k, at) = machine.a;
        break;
      case BPF_STX:
        cell_of(machine, step.k, at) = machine.x;
        break;
      case BPF_ALU:
        machine.a = computed(machine, step, at);
        break;
      case BPF_JMP:
        at += skipped(machine, step, at);
        break;
      case BPF_RET:
        return BPF_RVAL(step.code) == BPF_A ? machine.a : step.k;
      case BPF_MISC:
        (BPF_MISCOP(step.code) == BPF_TAX ? machine.x : machine.a) =
            BPF_MISCOP(step.code) == BPF_TAX ? machine.a : machine.x;
        break;
      default:
        refuse("unknown instruction", at);
    }
  }
  refuse("no return", program.size());
}

std::string verdict(std::uint32_t action) {
  switch (action & SECCOMP_RET_ACTION_FULL) {
    case SECCOMP_RET_ALLOW:
      return "allow";
    case SECCOMP_RET_USER_NOTIF:
      return "refused";
    case SECCOMP_RET_ERRNO: {
      const char* name = ::strerrorname_np(static_cast<int>(action & SECCOMP_RET_DATA));
      return name != nullptr ? name : "no errno " + std::to_string(action & SECCOMP_RET_DATA);
    }
    default:
      return "action " + std::to_string(action);
  }
}

bool is_expected(std::uint32_t action, std::string_view expected) {
  const std::string seen = verdict(action);
  return seen == expected || (seen == "refused" && expected != "allow");
}

}  // namespace cellblock::sandbox::for_test
