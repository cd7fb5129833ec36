#include "config/man_page.hpp"

#include <string_view>

#include "config/option_table.hpp"
#include "config/text.hpp"
#include "config/value.hpp"

namespace cellblock::config {
namespace {

constexpr std::string_view kBegin =
    R"(.\" Generated from the option table in src/config/*_options.cpp; do not edit.
.TH CELLBLOCK 1 "" "cellblock )" CELLBLOCK_VERSION R"(" "User Commands"
.SH NAME
cellblock \- runs untrusted Python in sealed, warm cells
.SH SYNOPSIS
.B cellblock serve
.RI [ options ]
.br
.B cellblock run
.I FILE
.RB [ \-\-arg
.IR JSON ]...
.RB [ \-\-kwarg
.IR NAME=JSON ]...
.RI [ options ]
.br
.B cellblock doctor
.RI [ options ]
.br
.B cellblock config show
.RB [ \-\-json ]
.RI [ options ]
.br
.B cellblock config explain
.I FILE
.br
.B cellblock keys add
.I NAME
.B \-\-file
.I FILE
.br
.B cellblock keys revoke
.I NAME
.B \-\-file
.I FILE
.br
.B cellblock keys list
.B \-\-file
.I FILE
.br
.B cellblock version
.SH DESCRIPTION
A client posts a script that defines
.BR main ().
cellblock runs it in a sealed, disposable, already warm interpreter and answers with the JSON value of
.BR main (),
what the script printed, and an account of how it ended. Every script gets a fresh cell; nothing of it survives.
.TP
.B serve
answers POST /execute over HTTP.
.TP
.B run
runs one script without a server. The result goes to standard output, what the script prints to standard error.
.TP
.B doctor
tries every wall on this host and says how to get what is missing.
.TP
.B config show
prints every option's value and where it came from, in the form of a configuration file; options that say
.I restart
are not changed by SIGHUP.
.TP
.B config explain
shows what a configuration of nsjail comes to, field by field.
.TP
.B keys
makes a key and prints it, this once; has a key refused; lists the names of the keys. The file, which
.B keys\-file
names, has digests only. A running service takes changes over on SIGHUP; for that, a file that root makes belongs to the
group of the service's user, which is
.B \-\-uid\-base
less one.
.SH OPTIONS
.ad l
Each option is a flag, a variable of the environment, or a line
.I name = value
of the TOML file that
.B \-\-config
names. A flag wins over the environment, the environment over the file. Sizes may carry KB, MB or GB, times s or ms.
)";

constexpr std::string_view kEnd =
    R"(.SH SIGNALS
.TP
.BR SIGTERM ", " SIGINT
stop accepting, let running executions finish for up to
.BR drain\-limit ,
and end. A second one ends them at once.
.TP
.B SIGHUP
reads the configuration file, the API keys and the certificate again. What needs no restart is in force for the next
request; the log names what has changed and what waits for a restart. A file with an error changes nothing. The files are
read as user and group
.B uid\-base
less one, who must be able to.
.SH EXIT STATUS
.TP
.B 0
done
.TP
.B 1
.BR run :
the script is at fault;
.BR doctor :
the accepted isolation level does not hold, or no cell starts;
.BR "config explain" :
.B serve
refuses it
.TP
.B 2
wrong usage or configuration
.TP
.B 3
this host can't seal a cell, or the service lost its jailer
.TP
.B 4
the address can't be listened on, mostly because another program has the port
.SH FILES
.TP
.I /etc/cellblock/cellblock.toml
the configuration of the service that the Debian package installs
.SH NOTES
With
.B NOTIFY_SOCKET
in its environment,
.B serve
tells systemd when it is ready, reloads and stops, and gives signs of life for
.B WATCHDOG_USEC
as long as cells can be made.
.SH SEE ALSO
.BR python3 (1),
.BR namespaces (7),
.BR seccomp (2),
.BR cgroups (7)
)";

// Text in which roff sees no escape and no macro.
std::string roff(std::string_view text) {
  std::string result;
  for (const char letter : text) {
    if (letter == '\\') {
      result += "\\e";
    } else if (letter == '-') {
      result += "\\-";
    } else if (letter == ',') {
      result += ",\\:";  // a line may break here: lists of names have no spaces
    } else {
      result += letter;
    }
  }
  return result.starts_with('.') || result.starts_with('\'') ? "\\&" + result : result;
}

std::string row_text(const OptionSpec& spec) {
  std::string text = ".TP\n.BR \\-\\-" + roff(spec.name);
  if (!is_switch(spec)) text += " \" \\fI" + std::string(placeholder(spec)) + "\\fR\"";
  text += "\n" + roff(spec.help) + ".\n.br\n";
  text += "Default " + roff(default_text(spec)) + "; " + roff(allowed_text(spec)) + "; environment " +
          roff(joined(environment_names(spec), ", "));
  return text + (spec.restart ? ".\n" : "; changes on SIGHUP.\n");
}

}  // namespace

std::string man_page() {
  std::string page(kBegin);
  std::string_view group;
  for (const OptionSpec& spec : option_table()) {
    if (spec.group != group) {
      group = spec.group;
      page += ".SS " + std::string(group) + "\n";
    }
    page += row_text(spec);
  }
  return page.append(kEnd);
}

}  // namespace cellblock::config
