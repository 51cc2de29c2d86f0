import Daemon
import Linux

OwnProcess.exit(run(Array(CommandLine.arguments.dropFirst())))
